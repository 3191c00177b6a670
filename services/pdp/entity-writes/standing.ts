import { missingParents } from '../../bundles/stored/read-stored.ts';
import { closeHierarchy, type HierarchyNode } from '../../engine/data/hierarchy.ts';
import { PdpError } from '../../engine/error.ts';
import { LIMITS } from '../../engine/limits.ts';
import { EntityUid, uidKey } from '../../engine/value/value.ts';
import type { Client } from '../../store/database.ts';
import type { StoredUid } from '../../store/entities.ts';
import {
  absentParents,
  type Edge,
  edgesUnder,
  hierarchyAround,
  type PlacedEntity,
} from '../../store/entity-parents.ts';
import type { SchemaReader } from './schema-readers.ts';

/** Entities that an error names; it says how many there are where there are more. */
const NAMED = 5;

/** An entity of a write, and where it stands there. */
export interface PlacedChange {
  readonly uid: StoredUid;
  /** Such as `entities[3]`. */
  readonly field: string;
}

const LIMITS_ABOVE = { entity_ancestors: LIMITS.entity_ancestors, parent_chain: LIMITS.parent_chain };

/**
 * Holds what was written within this transaction, and all that stands above and below it, to what decides: parents are there, nobody stands
 * below themselves, and nothing has more above it than the limits admit.
 * @param risen the entities that stand under something new.
 * @throws PdpError `precondition_failed` for a missing parent, `invalid_request` for a cycle, `too_large` over a limit.
 */
export async function assertStanding(
  client: Client,
  store: string,
  readers: readonly SchemaReader[],
  risen: readonly PlacedChange[],
): Promise<void> {
  const reading = readers.filter(({ readsStore }) => readsStore);
  if (risen.length === 0 || reading.length === 0) return;

  const uids = risen.map(({ uid }) => uid);
  const fields = new Map(risen.map(({ uid, field }) => [uidKey(uid.type, uid.id), field]));
  const absent = await absentParents(client, store, uids);
  for (const reader of reading) assertPresent(reader, absent, fields);
  const placed = await hierarchyAround(client, store, uids);
  for (const reader of reading) assertHierarchy(reader, placed, fields);
}

/**
 * Refuses that something was deleted which others stand under: what stands above it would be missed.
 * @throws PdpError `conflict`, naming some of them.
 */
export async function assertUnnamed(
  client: Client,
  store: string,
  deleted: readonly PlacedChange[],
): Promise<void> {
  if (deleted.length === 0) return;
  const uids = deleted.map(({ uid }) => uid);
  const [first, ...more] = await edgesUnder(client, store, uids, NAMED + 1);
  if (first === undefined) return;

  const children = [first, ...more].map(({ child }) => told(child));
  const some = children.length > NAMED ? [...children.slice(0, NAMED), 'others'] : children;
  const named = deleted.find(({ uid: { type, id } }) => type === first.parent.type && id === first.parent.id);
  throw new PdpError(
    'conflict',
    `${told(first.parent)} cannot be deleted while others stand under it: ${some.join(', ')}. Give them other parents, in the same write or before`,
    { field: named?.field ?? 'entities' },
  );
}

function assertPresent(
  { schema, sourceOf, entities, ref }: SchemaReader,
  absent: readonly Edge[],
  fields: ReadonlyMap<string, string>,
): void {
  for (const { child, parent } of absent) {
    // Whose source is another one, the bundle does not look for in the store.
    if (sourceOf(child.type) !== 'store') continue;
    const uid = new EntityUid(parent.type, parent.id);
    const [missing] = missingParents({ schema }, { ...LONE, parents: [uid] }, (key) => entities.has(key));
    if (missing === undefined) continue;
    const key = uidKey(child.type, child.id);
    throw new PdpError(
      'precondition_failed',
      `${told(child)} names the parent ${told(parent)}, which is not in the ${sourceOf(parent.type)} (by ${ref.name} ${ref.version}): put it first, or in the same write`,
      { field: `${fields.get(key) ?? key}.parents` },
    );
  }
}

const LONE = { uid: new EntityUid('', ''), attributes: new Map(), tags: new Map() };

function assertHierarchy(
  { sourceOf, entities }: SchemaReader,
  placed: readonly PlacedEntity[],
  fields: ReadonlyMap<string, string>,
): void {
  const nodes = new Map<string, HierarchyNode>();
  const open: EntityUid[] = [];
  for (const { type, id, parents } of placed) {
    if (sourceOf(type) !== 'store') continue;
    const uid = new EntityUid(type, id);
    const above = parents.map((parent) => new EntityUid(parent.type, parent.id));
    nodes.set(uid.key, { uid, parents: above, field: fields.get(uid.key) ?? uid.key });
    open.push(...above);
  }
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const found = nodes.has(next.key) ? undefined : entities.get(next.key);
    if (found === undefined) continue;
    nodes.set(next.key, { ...found, field: next.key });
    open.push(...found.parents);
  }
  closeHierarchy(nodes, LIMITS_ABOVE);
}

function told({ type, id }: StoredUid): string {
  return `${type}::${JSON.stringify(id)}`;
}
