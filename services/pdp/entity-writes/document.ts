import { readStored } from '../../bundles/stored/read-stored.ts';
import { JSON_DIALECT } from '../../engine/data/dialect.ts';
import { canonicalContent, type LoneEntity } from '../../engine/data/entity.ts';
import { PdpError } from '../../engine/error.ts';
import { exceedsLimit, LIMITS } from '../../engine/limits.ts';
import { parseJson } from '../../engine/raw/json.ts';
import { isRawArray, type RawNode, RawObject } from '../../engine/raw/raw.ts';
import { quote } from '../../engine/value/canonical.ts';
import { writeFields } from '../../engine/value/cedar-json.ts';
import type { StoredUid } from '../../store/entities.ts';
import type { SchemaReader } from './schema-readers.ts';

/** An entity that fits all bundles that read its type from the store. */
export interface FittingEntity {
  readonly uid: StoredUid;
  /** Explicit Cedar JSON, which means the same under every schema that admits it. */
  readonly document: string;
  readonly parents: readonly StoredUid[];
}

/** Anything else in an entity is a mistake that Cedar would overlook, such as `tag`. */
const MEMBERS: ReadonlySet<string> = new Set(['uid', 'attrs', 'parents', 'tags']);

/**
 * Reads an entity that is to be stored by all bundles that decide and take its type from the store.
 * @param index its place in the list `entities` that errors name.
 * @throws PdpError `invalid_request` or `too_large` where it does not fit one of them; `precondition_failed` where none of them takes its type
 *   from the store.
 */
export function readFitting(readers: readonly SchemaReader[], raw: RawNode, index: number): FittingEntity {
  const field = `entities[${index}]`;
  const { type } = shapeOf(raw, field);
  const [first, ...others] = readers.filter(({ sourceOf }) => sourceOf(type) === 'store');
  if (first === undefined) throw notFromStore(type, field);

  const entity = namingBundle(first, () => readStored(first, raw, index));
  const document = documentOf(entity);
  if (Buffer.byteLength(document) > LIMITS.stored_entity_bytes)
    throw exceedsLimit('stored_entity_bytes', field);

  // What is kept is the explicit form, which is a little deeper, and what patches make of it grows: it is held to the limits as well.
  const kept = parseJson(document, field);
  const content = canonicalContent(entity);
  for (const reader of [first, ...others]) {
    const again = namingBundle(reader, () => readStored(reader, kept, index));
    if (canonicalContent(again) === content) continue;
    throw new PdpError('internal', `${entity.uid.key} is not what was kept of it`);
  }

  return { uid: entity.uid, document, parents: entity.parents };
}

/** What is kept of an entity. */
export function documentOf({ uid, attributes, parents, tags }: LoneEntity): string {
  const above = parents.map(uidText).join();

  return `{"uid":${uidText(uid)},"attrs":${writeFields(attributes)},"parents":[${above}],"tags":${writeFields(tags)}}`;
}

/** The refusal of an entity that no bundle would ever look at. */
export function notFromStore(type: string, field: string): PdpError {
  return new PdpError(
    'precondition_failed',
    `no bundle that decides here takes ${type} from the store: deploy one whose bundle.yaml says entity_sources: { ${type}: store }, as the active bundle, the canary or the shadow`,
    { field },
  );
}

function shapeOf(raw: RawNode, field: string): StoredUid {
  if (!(raw instanceof RawObject)) throw invalid(`${field} must be an entity`, field);
  const stray = [...raw.entries.keys()].find((name) => !MEMBERS.has(name));
  if (stray !== undefined) throw invalid(`${field} has a member that no entity has`, `${field}.${stray}`);

  const uid = JSON_DIALECT.uidIn(raw.entries.get('uid') ?? null);
  if (uid === undefined) {
    throw invalid(`${field}.uid must be an entity identifier, {"type": …, "id": …}`, `${field}.uid`);
  }
  const parents = raw.entries.get('parents');
  // Before each of them is looked at: a body has room for a hundred thousand.
  if (isRawArray(parents) && parents.length > LIMITS.entity_ancestors)
    throw exceedsLimit('entity_ancestors', `${field}.parents`);

  return uid;
}

/** Several bundles may decide, and its author may know only one of them. */
function namingBundle<Result>({ ref }: SchemaReader, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PdpError)) throw error;
    const { code, message, field, limit } = error;
    const text = `${message} (by the schema of ${ref.name} ${ref.version})`;
    throw new PdpError(code, text, {
      ...(field === undefined ? {} : { field }),
      ...(limit === undefined ? {} : { limit }),
    });
  }
}

function uidText({ type, id }: StoredUid): string {
  return `{"type":${quote(type)},"id":${quote(id)}}`;
}

function invalid(message: string, field: string): PdpError {
  return new PdpError('invalid_request', message, { field });
}
