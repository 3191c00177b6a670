import { JSON_DIALECT } from '../engine/data/dialect.ts';
import { type Entity, readEntities } from '../engine/data/entities.ts';
import { type ExceededLimit, PdpError } from '../engine/error.ts';
import type { EvaluationRequest } from '../engine/evaluator.ts';
import { LIMITS } from '../engine/limits.ts';
import { parseTrustedJson } from '../engine/raw/json.ts';
import { type RawNode, RawObject, type RawUid } from '../engine/raw/raw.ts';
import { overLimit } from '../engine/raw/text.ts';
import { reachableEntities } from '../engine/reach.ts';
import type { Schema } from '../engine/schema/schema.ts';
import { CedarRecord, EntityUid, uidKey } from '../engine/value/value.ts';
import { ENTITIES_PATH } from './files.ts';
import { placeOf, reportJson } from './json-place.ts';
import type { Manifest } from './manifest.ts';
import { isNormalId, NOT_NORMAL } from './normal-form.ts';
import type { Problems } from './problems.ts';
import { listOf } from './raw-members.ts';
import { decodeSource, type Source } from './source.ts';

type Lookup = EvaluationRequest['entity'];

/** Reads entities.json: Cedar entities of the types whose source is the bundle, within the limits. */
export function readBundleEntities(
  bytes: Uint8Array,
  schema: Schema,
  sources: Manifest['entity_sources'],
  problems: Problems,
): readonly Entity[] {
  const source = decodeSource(ENTITIES_PATH, bytes);
  if (source === undefined) {
    problems.of(ENTITIES_PATH, 'not_utf8', 'not UTF-8 without a byte order mark');
    return [];
  }

  const items = attempt(source, problems, () => listOf(parseTrustedJson(source.text, ''), ''));
  if (items === undefined) return [];
  if (items.length > LIMITS.bundle_entities) {
    problems.of(ENTITIES_PATH, 'limit_exceeded', `more than ${LIMITS.bundle_entities} entities`);
    return [];
  }

  const before = problems.errors;
  checkRepeated(items, source, problems);
  const entities = readAll(items, schema, source, problems);
  if (problems.errors > before) return entities;

  for (const [index, entity] of entities.entries()) checkSources(entity, index, sources, source, problems);
  checkReach(entities, source, problems);

  return entities;
}

/** All at once; where that fails, one by one, so that each wrong entity is found. */
function readAll(
  items: readonly RawNode[],
  schema: Schema,
  source: Source,
  problems: Problems,
): readonly Entity[] {
  const unbounded = { maxEntities: Number.POSITIVE_INFINITY };
  try {
    return readEntities(schema, items, unbounded);
  } catch (whole) {
    if (!(whole instanceof PdpError)) throw whole;

    const before = problems.errors;
    for (const [index, item] of items.entries()) {
      attempt(source, problems, () => readEntities(schema, [item], unbounded), index);
    }
    if (problems.errors === before) reportJson(source, withoutRoot(whole), 'entity_invalid', problems);

    return [];
  }
}

function attempt<T>(source: Source, problems: Problems, read: () => T, index?: number): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PdpError)) throw error;
    reportJson(source, withoutRoot(error, index), 'entity_invalid', problems);

    return undefined;
  }
}

/** Readers of requests call the list `entities`; here it is the whole file, and one entity may have been read alone. */
function withoutRoot(error: PdpError, index?: number): PdpError {
  const move = (text: string): string =>
    index === undefined
      ? text.replaceAll(/\bentities\[/g, '[')
      : text.replaceAll(/\bentities\[0\]/g, `[${index}]`);

  return new PdpError(error.code, move(error.message), { field: move(error.field ?? '') });
}

function checkSources(
  { uid, parents }: Entity,
  index: number,
  sources: Manifest['entity_sources'],
  source: Source,
  problems: Problems,
): void {
  const isOurs = (type: string): boolean => !Object.hasOwn(sources, type) || sources[type] === 'bundle';

  if (!isOurs(uid.type)) {
    const message = `${uid.type} comes from its other source, so the bundle may not list one`;
    problems.at(source, placeOf(source, `[${index}].uid`), 'entity_invalid', message);
  }
  if (!isNormalId(uid.id)) {
    const message = `${uid.key} ${NOT_NORMAL}, so no request can mean it`;
    problems.at(source, placeOf(source, `[${index}].uid`), 'entity_invalid', message);
  }
  for (const [at, { type, id }] of parents.entries()) {
    if (!isNormalId(id)) {
      const message = `a parent ${NOT_NORMAL}, so no request can mean it`;
      problems.at(source, placeOf(source, `[${index}].parents[${at}]`), 'entity_invalid', message);
    }
    if (isOurs(type)) continue;
    const message = `a parent of type ${type} comes from another source than the bundle`;
    problems.at(source, placeOf(source, `[${index}].parents[${at}]`), 'entity_invalid', message);
  }
}

function checkReach(entities: readonly Entity[], source: Source, problems: Problems): void {
  const byKey = new Map(entities.map((entity) => [entity.uid.key, entity]));

  for (const [index, { uid }] of entities.entries()) {
    const limit = exceededByReach((key) => byKey.get(key), [uid]);
    if (limit === undefined) continue;
    const { message } = overLimit(limit, `what is reached from ${uid.key}`);
    problems.at(source, placeOf(source, `[${index}]`), 'limit_exceeded', message);
  }
}

/** Requests may list an entity twice; in a file that people keep, the second one is a mistake. */
function checkRepeated(items: readonly RawNode[], source: Source, problems: Problems): void {
  const seen = new Set<string>();

  for (const [index, item] of items.entries()) {
    const uid = item instanceof RawObject ? JSON_DIALECT.uidIn(item.entries.get('uid') ?? null) : undefined;
    if (uid === undefined) continue;
    const key = uidKey(uid.type, uid.id);
    if (seen.has(key)) {
      problems.at(source, placeOf(source, `[${index}].uid`), 'entity_invalid', `${key} is listed twice`);
    }
    seen.add(key);
  }
}

/** The limit that an evaluation which begins with these entities alone is already over. */
export function exceededByReach(lookup: Lookup, uids: readonly RawUid[]): ExceededLimit | undefined {
  const nobody = new EntityUid('Nobody', '');
  const request = {
    principal: nobody,
    action: nobody,
    resource: nobody,
    context: new CedarRecord(new Map()),
    entity: lookup,
  };

  try {
    reachableEntities(request, uids);

    return undefined;
  } catch (error) {
    if (error instanceof PdpError && error.limit !== undefined) return error.limit;

    throw error;
  }
}
