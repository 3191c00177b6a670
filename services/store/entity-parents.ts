import { createHash } from 'node:crypto';
import { JSON_DIALECT } from '../engine/data/dialect.ts';
import { parseTrustedJson } from '../engine/raw/json.ts';
import { isRawArray, RawObject } from '../engine/raw/raw.ts';
import type { Client, Database } from './database.ts';
import type { StoredUid } from './entities.ts';
import { query } from './pool.ts';

/** An entity that a store holds, with what it stands directly under. */
export interface PlacedEntity extends StoredUid {
  readonly parents: readonly StoredUid[];
}

/** That one entity stands directly under another one. */
export interface Edge {
  readonly child: StoredUid;
  readonly parent: StoredUid;
}

interface EdgeRow extends StoredUid {
  readonly parentType: string;
  readonly parentId: string;
}

const EDGE = 'p.type, p.id, p.parent_type as "parentType", p.parent_id as "parentId"';

/** Makes what entities stand under follow their documents; one without a document stands under nothing. */
export async function replaceParents(
  client: Client,
  store: string,
  changes: readonly { readonly uid: StoredUid; readonly document: string | null }[],
): Promise<void> {
  await query(client, 'delete from entity_parents where store = $1 and key = any($2)', [
    store,
    changes.map(({ uid }) => keyOf(uid)),
  ]);
  const edges = changes.flatMap(({ uid, document }) =>
    distinct(document === null ? [] : parentsIn(document)).map((parent): Edge => ({ child: uid, parent })),
  );
  if (edges.length === 0) return;

  await query(
    client,
    `insert into entity_parents (store, key, parent_key, type, id, parent_type, parent_id)
     select $1, * from unnest($2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[])`,
    [
      store,
      edges.map(({ child }) => keyOf(child)),
      edges.map(({ parent }) => keyOf(parent)),
      edges.map(({ child }) => child.type),
      edges.map(({ child }) => child.id),
      edges.map(({ parent }) => parent.type),
      edges.map(({ parent }) => parent.id),
    ],
  );
}

/** Edges over these entities: what each of them stands directly under. */
export async function edgesOver(
  database: Database,
  store: string,
  uids: readonly StoredUid[],
): Promise<readonly Edge[]> {
  return edges(database, `select ${EDGE} from entity_parents p where p.store = $1 and p.key = any($2)`, [
    store,
    uids.map(keyOf),
  ]);
}

/** Edges under these entities: who stands directly under one of them; at most `limit`. */
export async function edgesUnder(
  database: Database,
  store: string,
  uids: readonly StoredUid[],
  limit: number,
): Promise<readonly Edge[]> {
  return edges(
    database,
    // In no order, which would be one of all of them.
    `select ${EDGE} from entity_parents p where p.store = $1 and p.parent_key = any($2) limit $3`,
    [store, uids.map(keyOf), limit],
  );
}

/** Of the parents of these entities those that the store does not hold now; each once, with one who names it. */
export async function absentParents(
  database: Database,
  store: string,
  uids: readonly StoredUid[],
): Promise<readonly Edge[]> {
  return edges(
    database,
    `select * from (
       select distinct on (p.parent_key) ${EDGE} from entity_parents p
       where p.store = $1 and p.key = any($2) order by p.parent_key, p.type, p.id
     ) named
     where not exists (
       select from (
         select document from entity_versions v
         where v.store = $1 and v.type = named."parentType" and v.id = named."parentId" order by v.sequence desc limit 1
       ) newest where document is not null
     )`,
    [store, uids.map(keyOf)],
  );
}

/**
 * What bears on where these entities stand: they, all that stand below them, and all that any of those stands below. Of entities that
 * nothing stands under and that stand under the same parents, one is told for all, since a group may have a hundred thousand members.
 */
export async function hierarchyAround(
  client: Client,
  store: string,
  uids: readonly StoredUid[],
): Promise<readonly PlacedEntity[]> {
  const around = await edges(
    client,
    `with recursive below (key) as (
       select unnest($2::bytea[])
       union
       select p.key from entity_parents p join below on p.store = $1 and p.parent_key = below.key
     ), placed as (
       select p.key, array_agg(p.parent_key order by p.parent_key) as parents,
         exists (select from entity_parents c where c.store = $1 and c.parent_key = p.key)
           or p.key = any($2) as alone
       from entity_parents p join below on p.store = $1 and p.key = below.key
       group by p.key
     ), told (key) as (
       select distinct on (parents, case when alone then key end) key from placed
     ), above (key) as (
       select key from told
       union
       select p.parent_key from entity_parents p join above on p.store = $1 and p.key = above.key
     )
     select ${EDGE} from entity_parents p join above on p.store = $1 and p.key = above.key`,
    [store, uids.map(keyOf)],
  );

  const placed = new Map<string, PlacedEntity & { readonly parents: StoredUid[] }>();
  for (const { child, parent } of around) {
    const key = textOf(child);
    const known = placed.get(key) ?? { ...child, parents: [] };
    known.parents.push(parent);
    placed.set(key, known);
  }

  return [...placed.values()];
}

function parentsIn(document: string): readonly StoredUid[] {
  const raw = parseTrustedJson(document);
  const parents = raw instanceof RawObject ? raw.entries.get('parents') : undefined;

  return isRawArray(parents) ? parents.flatMap((parent) => JSON_DIALECT.uidIn(parent) ?? []) : [];
}

function distinct(uids: readonly StoredUid[]): readonly StoredUid[] {
  return [...new Map(uids.map((uid) => [textOf(uid), uid])).values()];
}

function textOf({ type, id }: StoredUid): string {
  return JSON.stringify([type, id]);
}

function keyOf(uid: StoredUid): Buffer {
  return createHash('sha256').update(textOf(uid)).digest();
}

async function edges(database: Database, text: string, values: readonly unknown[]): Promise<readonly Edge[]> {
  return (await query<EdgeRow>(database, text, values)).map(toEdge);
}

function toEdge({ type, id, parentType, parentId }: EdgeRow): Edge {
  return { child: { type, id }, parent: { type: parentType, id: parentId } };
}
