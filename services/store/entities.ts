import type { Database } from './database.ts';
import { query } from './pool.ts';

export interface StoredUid {
  readonly type: string;
  readonly id: string;
}

/** An entity that a store holds, as it was last written. */
export interface StoredEntity extends StoredUid {
  /** Cedar JSON `{"uid", "attrs", "parents", "tags"}`. */
  readonly document: string;
  /** Of the write. */
  readonly sequence: bigint;
  readonly author: string;
  readonly writtenAt: Date;
}

/** What one write made of an entity. */
export interface EntityVersion extends StoredUid {
  /** As {@link StoredEntity} has it; `null`: deleted. */
  readonly document: string | null;
  readonly sequence: bigint;
}

export interface EntityListing {
  /** The state to read: a page and the next one are of one moment, whatever is written between them. */
  readonly sequence: bigint;
  /** Only of this type. */
  readonly type?: string;
  /** Only those after it, in the order of the bytes of type and id. */
  readonly after?: StoredUid;
  /** At most so many. */
  readonly limit: number;
  /** A listing ends behind the document that reaches so many bytes. @defaultValue no bound */
  readonly maxBytes?: number;
}

/** Where a store is. */
export interface StateSequence {
  /** Of its newest change, be it a deployment or a write of entities; 0 before the first. */
  readonly state: bigint;
  /** Of its current deployment among deployments, as of the same moment; 0 before the first. */
  readonly deployment: bigint;
  /** Its newest write of entities; `undefined`: none yet. */
  readonly lastWrite: EntityWriteRef | undefined;
}

/** A write of entities, and its record in the decision log: two of one sequence are of two histories. */
export interface EntityWriteRef {
  readonly sequence: bigint;
  readonly recordId: string;
}

/** Versions that are read at a time. */
const PAGE = 5_000;

interface VersionRow extends StoredUid {
  readonly document: string | null;
  readonly sequence: string;
}

/** The sequences of all stores, by name: one consistent view. A sequence that is seen is followed by no smaller one. */
export async function stateSequences(database: Database): Promise<ReadonlyMap<string, StateSequence>> {
  const rows = await query<{
    name: string;
    state: string;
    deployment: string;
    written: string | null;
    recordId: string;
  }>(
    database,
    `select name, state_sequence as state, stores.sequence as deployment, written.sequence as written, record_id as "recordId"
     from stores left join lateral (
       select sequence, record_id from entity_versions where store = name order by sequence desc limit 1
     ) written on true`,
  );

  return new Map(
    rows.map(({ name, state, deployment, written, recordId }) => [
      name,
      {
        state: BigInt(state),
        deployment: BigInt(deployment),
        lastWrite: written === null ? undefined : { sequence: BigInt(written), recordId },
      },
    ]),
  );
}

/** Whether a store's history has a write of entities. */
export async function hasWrite(
  database: Database,
  store: string,
  { sequence, recordId }: EntityWriteRef,
): Promise<boolean> {
  const rows = await query(
    database,
    'select 1 from entity_versions where store = $1 and sequence = $2 and record_id = $3 limit 1',
    [store, sequence, recordId],
  );

  return rows.length > 0;
}

/** What a store held at a sequence, ordered by the bytes of type and id. */
export async function entitiesAt(
  database: Database,
  store: string,
  { sequence, type, after, limit, maxBytes }: EntityListing,
): Promise<StoredEntity[]> {
  const rows = await query<Omit<StoredEntity, 'sequence'> & { readonly sequence: string }>(
    database,
    `select type, id, document, sequence, author, written_at as "writtenAt" from (
       select *, sum(octet_length(document)) over (order by type, id) - octet_length(document) as before from (
         select * from (
           select distinct on (type, id) type, id, document, sequence, author, written_at
           from entity_versions
           where store = $1 and sequence <= $2 and ($3::text is null or type = $3)
             and ($4::text is null or (type, id) > ($4, $5))
           order by type, id, sequence desc
         ) newest
         where document is not null
         order by type, id
         limit $6
       ) page
     ) counted
     where $7::bigint is null or before < $7
     order by type, id`,
    [store, sequence, type ?? null, after?.type ?? null, after?.id ?? null, limit, maxBytes ?? null],
  );

  return rows.map((row) => ({ ...row, sequence: BigInt(row.sequence) }));
}

/** One entity as a store held it at a sequence; `undefined` where it did not. */
export async function entityAt(
  database: Database,
  store: string,
  { type, id }: StoredUid,
  sequence: bigint,
): Promise<StoredEntity | undefined> {
  const [row] = await query<
    Omit<StoredEntity, 'sequence' | 'document'> & {
      readonly sequence: string;
      readonly document: string | null;
    }
  >(
    database,
    `select type, id, document, sequence, author, written_at as "writtenAt" from entity_versions
     where store = $1 and type = $2 and id = $3 and sequence <= $4 order by sequence desc limit 1`,
    [store, type, id, sequence],
  );
  if (row === undefined || row.document === null) return undefined;

  return { ...row, document: row.document, sequence: BigInt(row.sequence) };
}

/** Versions of one entity, as {@link versionsOf} found them. */
export interface EntityHistory extends StoredUid {
  /** The newest first. */
  readonly versions: readonly Pick<EntityVersion, 'sequence' | 'document'>[];
}

/** The newest versions of entities up to a sequence, at most `limit` of each; of one that never was, none. */
export async function versionsOf(
  database: Database,
  store: string,
  uids: readonly StoredUid[],
  { upTo, limit }: { readonly upTo: bigint; readonly limit: number },
): Promise<EntityHistory[]> {
  const rows = await query<{ place: number; sequence: string; document: string | null }>(
    database,
    `select place::int, v.sequence, v.document
     from unnest($2::text[], $3::text[]) with ordinality as wanted (type, id, place)
     cross join lateral (
       select sequence, document from entity_versions v
       where v.store = $1 and v.type = wanted.type and v.id = wanted.id and v.sequence <= $4
       order by v.sequence desc limit $5
     ) v
     order by place, v.sequence desc`,
    [store, uids.map(({ type }) => type), uids.map(({ id }) => id), upTo, limit],
  );
  const found = uids.map((uid) => ({
    ...uid,
    versions: [] as Pick<EntityVersion, 'sequence' | 'document'>[],
  }));
  for (const { place, sequence, document } of rows) {
    found[place - 1]?.versions.push({ sequence: BigInt(sequence), document });
  }

  return found;
}

/**
 * What was written to a store after a sequence, up to another one that {@link stateSequences} told: pages in the order of sequence, type
 * and id. A page may end within a write: only all of them together are a state.
 */
export async function* changedEntities(
  database: Database,
  store: string,
  { after, upTo }: { readonly after: bigint; readonly upTo: bigint },
): AsyncGenerator<readonly EntityVersion[], void, undefined> {
  let from = { sequence: after, type: null as string | null, id: '' };
  for (;;) {
    const rows = await query<VersionRow>(
      database,
      // Without a type the page begins after the whole sequence.
      `select type, id, document, sequence from entity_versions
       where store = $1 and sequence >= $2 and sequence <= $5
         and (sequence > $2 or ($3::text is not null and (type, id) > ($3, $4)))
       order by sequence, type, id limit ${PAGE}`,
      [store, from.sequence, from.type, from.id, upTo],
    );
    const page = rows.map((row) => ({ ...row, sequence: BigInt(row.sequence) }));
    const last = page.at(-1);
    if (last === undefined) return;

    yield page;
    if (page.length < PAGE) return;
    from = last;
  }
}
