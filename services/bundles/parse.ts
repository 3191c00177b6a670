import type { Entity } from '../engine/data/entities.ts';
import type { Policy } from '../engine/policy.ts';
import { overLimit } from '../engine/raw/text.ts';
import type { CedarType, Schema } from '../engine/schema/schema.ts';
import { uidKey } from '../engine/value/value.ts';
import { checkApprovals } from './approvals/check.ts';
import type { Cedar } from './cedar.ts';
import type { BundleParts } from './compile.ts';
import { bundleDigest } from './digest.ts';
import { exceededByReach, readBundleEntities } from './entities.ts';
import {
  type BundleFiles,
  checkFiles,
  ENTITIES_PATH,
  LINKS_PATH,
  MANIFEST_PATH,
  SCHEMA_PATH,
} from './files.ts';
import { checkLimits } from './limits/check.ts';
import { readLinks } from './links.ts';
import { type LocatedManifest, readManifest } from './manifest.ts';
import { NOT_NORMAL, unmatchableUids } from './normal-form.ts';
import { checkObligations } from './obligations.ts';
import { headOf, type ParsedPolicy, readPolicies, staticPolicy } from './policies.ts';
import type { Problems } from './problems.ts';
import { checkRuns } from './runs/check.ts';
import { checkLabelNames } from './runs/label-names.ts';
import { latticeOf } from './runs/lattice.ts';
import { type ParsedSchema, readBundleSchema } from './schema.ts';

/** The files of a bundle, read: what could be read, where there are problems. */
export interface ParsedBundle {
  readonly digest: string;
  readonly manifest: LocatedManifest | undefined;
  readonly schema: ParsedSchema | undefined;
  /** Static policies and templates, in the order of files and text. */
  readonly parsed: readonly ParsedPolicy[];
  /** What decides: static policies, then links. */
  readonly policies: readonly Policy[];
  readonly entities: readonly Entity[];
}

/** Reads the files of a bundle and checks everything but what Cedar's validator and the bundle's tests say. */
export function parseBundle(files: BundleFiles, cedar: Cedar, problems: Problems): ParsedBundle {
  checkFiles(files, problems);
  const manifestBytes = files.get(MANIFEST_PATH);
  const schemaBytes = files.get(SCHEMA_PATH);
  const manifest = manifestBytes && readManifest(MANIFEST_PATH, manifestBytes, problems);
  const schema = schemaBytes && readBundleSchema(schemaBytes, cedar, problems);
  const parsed = readPolicies(files, cedar, problems);
  const statics = parsed.filter(({ slots }) => slots.length === 0).map(staticPolicy);
  const base = { digest: bundleDigest(files), manifest, schema, parsed };
  if (schema === undefined) return { ...base, policies: statics, entities: [] };

  if (manifest !== undefined) {
    checkManifest(manifest, schema.schema, problems);
    checkLimits(manifest, schema.schema, problems);
    checkRuns(manifest, schema.schema, problems);
  }
  const sources = manifest?.manifest.entity_sources ?? {};
  const linkBytes = files.get(LINKS_PATH);
  const links = linkBytes === undefined ? [] : readLinks(linkBytes, parsed, schema.schema, problems);
  const entityBytes = files.get(ENTITIES_PATH);
  const entities =
    entityBytes === undefined ? [] : readBundleEntities(entityBytes, schema.schema, sources, problems);
  checkLiterals(parsed, entities, problems);
  const policies = [...statics, ...links];
  checkNormalForm(policies, parsed, problems);
  checkObligations(policies, parsed, schema.schema, problems);
  checkLabelNames(policies, parsed, latticeOf(manifest?.manifest.labels?.lattice), problems);
  checkApprovals(policies, parsed, { schema: schema.schema, sources }, problems);

  return { ...base, policies, entities };
}

/** The bundle as plain data for `compileBundle`; `undefined` where a part is missing. */
export function partsOf(bundle: ParsedBundle, files: BundleFiles): BundleParts | undefined {
  const { digest, manifest, schema, policies } = bundle;
  if (manifest === undefined || schema === undefined) return undefined;

  const { name, version, entity_sources, record, approval, disclosure, limits, labels } = manifest.manifest;

  return {
    name,
    version,
    digest,
    schemaText: schema.text,
    resolvedSchema: schema.resolved,
    policies,
    entities: Buffer.from(files.get(ENTITIES_PATH) ?? Buffer.from('[]')).toString(),
    entitySources: entity_sources,
    recordAllow: record.allow,
    approvalRedact: approval.redact,
    disclosure,
    limits,
    labels,
  };
}

function checkManifest(
  { manifest, source, spanOf }: LocatedManifest,
  schema: Schema,
  problems: Problems,
): void {
  for (const type of Object.keys(manifest.entity_sources)) {
    if (schema.entityTypes.has(type)) continue;
    const message = `entity_sources names ${type}, which the schema does not declare`;
    problems.at(source, spanOf(['entity_sources', type]), 'unknown_type', message);
  }

  for (const type of principalTypes(schema)) {
    if (Object.hasOwn(manifest.entity_sources, type)) continue;
    const message = `the principal type ${type} has no entry in entity_sources: its entities come from the bundle alone`;
    problems.at(source, spanOf(['entity_sources']), 'source_defaulted', message, { severity: 'warning' });
  }

  for (const [index, path] of manifest.record.allow.entries()) {
    if (isDeclaredPath(path.split('.'), schema)) continue;
    const message = `record.allow names ${path}, which no action's context declares`;
    problems.at(source, spanOf(['record', 'allow', index]), 'unknown_path', message, { severity: 'warning' });
  }

  // Where nothing is hidden by a slip of the pen, somebody relies on it.
  for (const [index, path] of manifest.approval.redact.entries()) {
    if (isDeclaredPath(path.split('.'), schema)) continue;
    const message = `approval.redact names ${path}, which no action's context declares`;
    problems.at(source, spanOf(['approval', 'redact', index]), 'unknown_path', message);
  }
}

function principalTypes(schema: Schema): readonly string[] {
  return [...new Set([...schema.actions.values()].flatMap((action) => [...action.principalTypes]))].sort();
}

function isDeclaredPath(path: readonly string[], schema: Schema): boolean {
  return [...schema.actions.values()].some(({ context }) => {
    let type: CedarType | undefined = context;
    for (const name of path) type = type?.kind === 'record' ? type.attributes.get(name)?.type : undefined;

    return type !== undefined;
  });
}

/** A policy that names too many entities would make every request that needs it too large. */
function checkLiterals(
  parsed: readonly ParsedPolicy[],
  entities: readonly Entity[],
  problems: Problems,
): void {
  const byKey = new Map(entities.map((entity) => [entity.uid.key, entity]));

  for (const policy of parsed) {
    const limit = exceededByReach((key) => byKey.get(key), policy.literals);
    if (limit === undefined) continue;
    const { message } = overLimit(limit, 'what is reached from the entities that it names');
    problems.at(policy.source, headOf(policy), 'limit_exceeded', message, { policyId: policy.id });
  }
}

/** A policy that names an entity in a spelling that no request may have would never match, a forbid neither. */
function checkNormalForm(
  policies: readonly Policy[],
  parsed: readonly ParsedPolicy[],
  problems: Problems,
): void {
  const byId = new Map(parsed.map((policy) => [policy.id, policy]));

  for (const policy of policies) {
    const [uid] = unmatchableUids(policy);
    if (uid === undefined) continue;
    const message = `${uidKey(uid.type, uid.id)} ${NOT_NORMAL}, so no request can mean it`;
    const place = byId.get(policy.id);
    const options = { policyId: policy.id };
    if (place === undefined) problems.of(LINKS_PATH, 'link_invalid', `${policy.id}: ${message}`, options);
    else problems.at(place.source, headOf(place), 'policy_construct', message, options);
  }
}
