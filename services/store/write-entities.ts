import { PdpError } from '../engine/error.ts';
import { exceedsLimit, LIMITS, type LimitName } from '../engine/limits.ts';
import { announceChange } from './changes.ts';
import type { Client } from './database.ts';
import { lockStore } from './deployments.ts';
import type { StoredUid } from './entities.ts';
import { replaceParents } from './entity-parents.ts';
import { query } from './pool.ts';

export interface EntityChange {
  readonly uid: StoredUid;
  /** Cedar JSON `{"uid", "attrs", "parents", "tags"}`, held to a schema by whoever writes it; `null` deletes the entity. */
  readonly document: string | null;
  /** The sequence at which its author saw it written, 0 for not there; absent: whatever is there. */
  readonly expectedSequence?: bigint;
}

export interface EntityWrite {
  readonly store: string;
  readonly changes: readonly EntityChange[];
  /** The subject that answers for it. */
  readonly author: string;
  /** Of the write's record in the decision log. */
  readonly recordId: string;
}

interface Before extends StoredUid {
  /** 0 where the entity is not there now. */
  readonly sequence: string;
}

/**
 * Puts and deletes entities of a store within a transaction that also wakes the replicas: all of them as one new sequence, or none.
 * @returns the sequence.
 * @throws PdpError `not_found`: no such store, or an entity to delete that is not there; `conflict`: an entity was written since;
 * `invalid_request`: nothing to write, an entity twice, an id that PostgreSQL cannot hold; `too_large`: over a published limit.
 */
export async function writeEntities(
  client: Client,
  { store, changes, author, recordId }: EntityWrite,
): Promise<bigint> {
  assertWritable(changes);
  const { stateSequence, entities } = await lockStore(client, store);
  const before = await sequencesOf(client, store, changes);
  const held = changes.map((change, index) => {
    assertExpected(change, before[index] ?? 0n, `entities[${index}]`);

    return (before[index] ?? 0n) !== 0n;
  });

  const added = changes.filter(({ document }, index) => document !== null && !held[index]).length;
  const removed = changes.filter(({ document }) => document === null).length;
  const count = entities + added - removed;
  // A store that is over a limit which was lowered can still shrink.
  if (count > entities) assertWithin('stored_entities', count, 'entities');

  const sequence = stateSequence + 1n;
  await query(
    client,
    `insert into entity_versions (store, type, id, sequence, document, author, record_id)
     select $1, type, id, $2, document, $3, $4 from unnest($5::text[], $6::text[], $7::text[]) as written (type, id, document)`,
    [
      store,
      sequence,
      author,
      recordId,
      changes.map(({ uid }) => uid.type),
      changes.map(({ uid }) => uid.id),
      changes.map(({ document }) => document),
    ],
  );
  await replaceParents(client, store, changes);
  await query(client, 'update stores set state_sequence = $2, entity_count = $3 where name = $1', [
    store,
    sequence,
    count,
  ]);
  await announceChange(client);

  return sequence;
}

function assertWritable(changes: readonly EntityChange[]): void {
  if (changes.length === 0) throw refused('there is nothing to write', 'entities');
  assertWithin('stored_entity_changes', changes.length, 'entities');

  const seen = new Set<string>();
  for (const [index, { uid, document }] of changes.entries()) {
    const field = `entities[${index}]`;
    for (const part of [uid.type, uid.id]) {
      if (part.includes('\0') || !part.isWellFormed()) {
        throw refused('a stored entity cannot have a NUL or a lone surrogate in its type or id', field);
      }
      assertWithin('stored_entity_id_bytes', Buffer.byteLength(part), `${field}.uid`);
    }
    if (document !== null) assertWithin('stored_entity_bytes', Buffer.byteLength(document), field);

    const key = JSON.stringify([uid.type, uid.id]);
    if (seen.has(key)) throw refused(`${told(uid)} is written twice`, field);
    seen.add(key);
  }
}

/** At which sequence each entity was written that is there, in the order of the changes. */
async function sequencesOf(
  client: Client,
  store: string,
  changes: readonly EntityChange[],
): Promise<readonly bigint[]> {
  const rows = await query<Before>(
    client,
    `select coalesce(newest.sequence, 0) as sequence
     from unnest($2::text[], $3::text[]) with ordinality as wanted (type, id, place)
     left join lateral (
       select case when document is null then 0 else sequence end as sequence from entity_versions v
       where v.store = $1 and v.type = wanted.type and v.id = wanted.id order by v.sequence desc limit 1
     ) newest on true
     order by place`,
    [store, changes.map(({ uid }) => uid.type), changes.map(({ uid }) => uid.id)],
  );

  return rows.map(({ sequence }) => BigInt(sequence));
}

function assertExpected(
  { uid, document, expectedSequence }: EntityChange,
  found: bigint,
  field: string,
): void {
  if (expectedSequence !== undefined && expectedSequence !== found) {
    const what = found === 0n ? 'it is not there' : `it was written as sequence ${found}`;
    throw new PdpError('conflict', `${told(uid)} is not at sequence ${expectedSequence}: ${what}`, {
      field: `${field}.expected_sequence`,
    });
  }
  if (document === null && found === 0n) {
    throw new PdpError('not_found', `the store holds no ${told(uid)}`, { field });
  }
}

function assertWithin(name: LimitName, value: number, field: string): void {
  if (value > LIMITS[name]) throw exceedsLimit(name, field);
}

function refused(message: string, field: string): PdpError {
  return new PdpError('invalid_request', message, { field });
}

function told({ type, id }: StoredUid): string {
  return `${type}::${JSON.stringify(id)}`;
}
