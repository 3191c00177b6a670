import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProblems } from '../../../services/bundles/problems.ts';
import { listOf, membersOf, stringOf, stringsOf } from '../../../services/bundles/raw-members.ts';
import { createSource } from '../../../services/bundles/source.ts';
import { rawOf, readYaml } from '../../../services/bundles/yaml.ts';
import { parseDatetime } from '../../../services/engine/extension/datetime.ts';
import { isRawArray, type RawNode, RawNumber, RawObject } from '../../../services/engine/raw/raw.ts';
import { type JsonValue, jsonText } from '../../../services/ledger/json.ts';
import type { Question } from '../../support/question.ts';
import { PEOPLE_SAID, type PeopleSaid } from './people.ts';

/** The credentials that cases ask with: `full` may ask for full detail, `guest` speaks for User::"guest" alone. */
export const CREDENTIALS = ['full', 'plain', 'guest'] as const;
export type CredentialName = (typeof CREDENTIALS)[number];

/** One golden case: the tests' format of a bundle, with the bundle, more of the request, and the wanted record. */
export interface GoldenCase {
  readonly file: string;
  readonly description: string;
  /** A folder in `bundles/`, or in the product's `policies/`. */
  readonly bundle: string;
  readonly credential: CredentialName;
  /** What stands there is only JSON: the typed form of protobuf has no implicit values. */
  readonly jsonOnly: boolean;
  /** `members` are all others of an Authorize message; `expected_bundle_digest: active` stands for that of the bundle. */
  readonly question: Question;
  /** The fact, in milliseconds since the epoch; absent: whatever time it is. */
  readonly now: number | undefined;
  /** What people have made of the same request before; absent: they were not asked. */
  readonly approval: PeopleSaid | undefined;
  readonly want: WantedDecision | WantedError;
}

interface Wanted {
  /** Members that the reply has among others; null: it has none such. */
  readonly reply: JsonValue;
  /** Members that the record has among others, null among their values. */
  readonly record: JsonValue;
}

export interface WantedDecision extends Wanted {
  readonly decision: string;
  readonly reason_code: string;
  readonly determining: readonly string[];
  readonly errors: readonly string[];
}

export interface WantedError extends Wanted {
  readonly error: { readonly code: string; readonly field: string | undefined };
}

/** @throws PdpError naming the key where a file is no list of cases. */
export function readCases(folder: string, file: string): readonly GoldenCase[] {
  const source = createSource(file, readFileSync(join(folder, file), 'utf8'));
  const problems = createProblems();
  const root = readYaml(source, problems);
  if (root === undefined) throw new Error(`${file}: ${problems.sorted()[0]?.message}`);

  return listOf(rawOf(root), file).map((raw, index) => readCase(raw, file, `${file}[${index}]`));
}

function readCase(raw: RawNode, file: string, field: string): GoldenCase {
  const members = membersOf(raw, field, {
    required: ['description', 'bundle', 'request', 'want'],
    optional: ['credential', 'json_only', 'entities', 'facts', 'approval'],
  });
  const entities = members.get('entities');
  const credential = CREDENTIALS.find((name) => name === (members.get('credential') ?? 'full'));
  if (credential === undefined) throw new Error(`${field}: no such credential`);
  const approval = PEOPLE_SAID.find((one) => one === members.get('approval'));
  if (members.has('approval') && approval === undefined) throw new Error(`${field}.approval is none`);

  return {
    file,
    description: stringOf(members.get('description'), `${field}.description`),
    bundle: stringOf(members.get('bundle'), `${field}.bundle`),
    credential,
    jsonOnly: members.get('json_only') === true,
    question: {
      ...readRequest(members.get('request') ?? null, `${field}.request`),
      entities: entities === undefined ? undefined : jsonOf(entities),
    },
    now: members.has('facts') ? readNow(members.get('facts') ?? null, `${field}.facts`) : undefined,
    approval,
    want: readWant(members.get('want') ?? null, `${field}.want`),
  };
}

function readRequest(raw: RawNode, field: string): Question {
  const members = new Map(raw instanceof RawObject ? raw.entries : []);
  const take = (name: string): RawNode | undefined => {
    const value = members.get(name);
    members.delete(name);

    return value;
  };
  const uid = (name: string): string => stringOf(take(name), `${field}.${name}`);
  const asked = { principal: uid('principal'), action: uid('action'), resource: uid('resource') };
  const context = take('context');

  return {
    ...asked,
    context: context === undefined ? undefined : jsonOf(context),
    members: Object.fromEntries([...members].map(([name, value]) => [name, plainOf(value)])),
  };
}

function readNow(raw: RawNode, field: string): number {
  const text = stringOf(membersOf(raw, field, { required: ['now'] }).get('now'), `${field}.now`);
  const now = parseDatetime(text);
  if (now === undefined) throw new Error(`${field}.now is no datetime`);

  return Number(now.epochMs);
}

function readWant(raw: RawNode, field: string): WantedDecision | WantedError {
  const decided = ['decision', 'reason_code', 'determining', 'errors'];
  const isError = raw instanceof RawObject && raw.entries.has('error');
  const members = membersOf(raw, field, {
    required: isError ? ['error'] : decided,
    optional: ['reply', 'record'],
  });
  const texts = (name: string): readonly string[] => stringsOf(members.get(name), `${field}.${name}`);
  const text = (name: string): string => stringOf(members.get(name), `${field}.${name}`);
  const wanted = {
    reply: plainOf(members.get('reply') ?? new RawObject(new Map())),
    record: plainOf(members.get('record') ?? new RawObject(new Map())),
  };
  if (isError) return { ...wanted, error: readError(members.get('error') ?? null, `${field}.error`) };

  return {
    ...wanted,
    decision: text('decision'),
    reason_code: text('reason_code'),
    determining: texts('determining'),
    errors: texts('errors'),
  };
}

function readError(raw: RawNode, field: string): WantedError['error'] {
  const members = membersOf(raw, field, { required: ['code'], optional: ['field'] });

  return {
    code: stringOf(members.get('code'), `${field}.code`),
    field: members.has('field') ? stringOf(members.get('field'), `${field}.field`) : undefined,
  };
}

/** The same as JSON text, every number as it is written. */
function jsonOf(raw: RawNode): string {
  if (raw instanceof RawNumber) return raw.text;
  if (isRawArray(raw)) return `[${raw.map(jsonOf).join()}]`;
  if (!(raw instanceof RawObject)) return jsonText(plainOf(raw));

  return `{${[...raw.entries].map(([name, value]) => `${JSON.stringify(name)}:${jsonOf(value)}`).join()}}`;
}

function plainOf(raw: RawNode): JsonValue {
  if (isRawArray(raw)) return raw.map(plainOf);
  if (raw instanceof RawObject) {
    return Object.fromEntries([...raw.entries].map(([name, value]) => [name, plainOf(value)]));
  }
  // A uint64 may be more than a Long.
  if (raw instanceof RawNumber) return BigInt(raw.text);
  if (typeof raw === 'object' && raw !== null) throw new Error('no typed value stands in YAML');

  return raw;
}
