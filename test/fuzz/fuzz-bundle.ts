import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  policySetTextToParts,
  policyToJson,
  schemaToJsonWithResolvedTypes,
} from '@cedar-policy/cedar-wasm/nodejs';
import { parse } from 'yaml';
import { readSchema } from '../../services/engine/schema/read.ts';
import type { Schema } from '../../services/engine/schema/schema.ts';
import { type Exact, parseExact } from './exact-json.ts';

/** A bundle as its folder has it, read without Palisade's own readers: what the oracle judges by. */
export interface FuzzBundle {
  readonly folder: string;
  /** The policy store that runs it. */
  readonly store: string;
  readonly schemaText: string;
  /** Of our own model, for the generator alone. */
  readonly schema: Schema;
  readonly policies: {
    readonly staticPolicies: Record<string, string>;
    readonly templates: Record<string, string>;
    readonly templateLinks: readonly object[];
  };
  /** Ids of the policies and links that forbid. */
  readonly forbids: ReadonlySet<string>;
  readonly entities: readonly Exact[];
  /** Ids that the bundle knows, by entity type. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
  /** Types whose entities a request may list. */
  readonly requestTypes: ReadonlySet<string>;
  /** Ids of actions that are denied without a run, which no request here has, beside those that look at one. */
  readonly needRun: ReadonlySet<string>;
}

/** What of bundle.yaml says more than Cedar knows. */
interface Manifest {
  readonly entity_sources: Readonly<Record<string, string>>;
  readonly labels?: { readonly takes?: Readonly<Record<string, unknown>> };
  readonly limits?: readonly {
    readonly actions: readonly string[];
    readonly key: readonly string[];
    readonly lifetime?: string;
  }[];
}

interface LinkFile {
  readonly template_id: string;
  readonly id: string;
  readonly values: object;
}

export async function readFuzzBundle(folder: string, store: string): Promise<FuzzBundle> {
  const read = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');
  const names = await readdir(folder);
  const schemaText = await read('schema.cedarschema');
  const staticPolicies: Record<string, string> = {};
  const templates: Record<string, string> = {};
  for (const name of names.filter((name) => name.endsWith('.cedar'))) {
    const parts = policySetTextToParts(await read(name));
    if (parts.type !== 'success') throw new Error(`${name} cannot be read`);
    for (const text of parts.policies) staticPolicies[idOf(text)] = text;
    for (const text of parts.policy_templates) templates[idOf(text)] = text;
  }
  const links = names.includes('links.json') ? (JSON.parse(await read('links.json')) as LinkFile[]) : [];
  const entities = parseExact(await read('entities.json')) as readonly Exact[];
  const manifest = parse(await read('bundle.yaml')) as Manifest;
  const { entity_sources: sources } = manifest;

  return {
    folder,
    store,
    schemaText,
    schema: schemaOf(schemaText),
    policies: {
      staticPolicies,
      templates,
      templateLinks: links.map(({ template_id, id, values }) => ({
        templateId: template_id,
        newId: id,
        values,
      })),
    },
    forbids: new Set([
      ...Object.keys(staticPolicies).filter((id) => isForbid(staticPolicies[id])),
      ...links
        .filter(({ template_id }) => /\bforbid\s*\(/.test(templates[template_id] ?? ''))
        .map(({ id }) => id),
    ]),
    entities,
    ids: idsByType(entities),
    requestTypes: new Set(Object.keys(sources).filter((type) => sources[type] === 'request')),
    needRun: needRun(manifest),
  };
}

function needRun({ labels, limits = [] }: Manifest): ReadonlySet<string> {
  const byRun = limits.filter(({ key, lifetime }) => lifetime === 'run' || key.includes('run'));
  const texts = [...Object.keys(labels?.takes ?? {}), ...byRun.flatMap(({ actions }) => actions)];

  return new Set(texts.map((text) => /"(.*)"/.exec(text)?.[1] ?? ''));
}

function idOf(text: string): string {
  const id = /@id\("([^"]+)"\)/.exec(text)?.[1];
  if (id === undefined) throw new Error(`a policy without an id: ${text}`);

  return id;
}

function isForbid(text: string | undefined): boolean {
  const answer = policyToJson(text ?? '');

  return answer.type === 'success' && answer.json.effect === 'forbid';
}

function schemaOf(text: string): Schema {
  const answer = schemaToJsonWithResolvedTypes(text);
  if (answer.type !== 'success') throw new Error('a schema that Cedar cannot resolve');

  return readSchema(answer.json);
}

function idsByType(entities: readonly Exact[]): ReadonlyMap<string, readonly string[]> {
  const ids = new Map<string, string[]>();
  for (const entity of entities) {
    const { type, id } = (entity as { uid: { type: string; id: string } }).uid;
    ids.set(type, [...(ids.get(type) ?? []), id]);
  }

  return ids;
}
