import type { Database } from '../../store/database.ts';
import {
  changedEntities,
  type EntityVersion,
  type EntityWriteRef,
  entitiesAt,
  hasWrite,
  type StoredUid,
} from '../../store/entities.ts';
import { backwards } from '../forward.ts';
import { nextTurn } from '../turns.ts';
import { afterChanges, type HeldEntities } from './held-entities.ts';

/** Entities that a first reading asks for at a time. */
const PAGE = 5_000;

/** Where a store is, as PostgreSQL says. */
export interface Reached {
  /** Of its state. */
  readonly upTo: bigint;
  /** The newest write of entities that was seen there. */
  readonly lastWrite: EntityWriteRef | undefined;
}

/**
 * Brings what is held of a store to a later state: whole, since a page may end within a write.
 * @throws PdpError `unavailable` where PostgreSQL does not answer; BackwardsError where it has gone back, or another history. What is held
 * goes on then.
 */
export async function catchUp(
  database: Database,
  store: string,
  held: HeldEntities,
  { upTo, lastWrite }: Reached,
): Promise<HeldEntities> {
  if (upTo < held.sequence) {
    throw backwards(`the store ${store} is at sequence ${upTo}, and was at ${held.sequence}`);
  }
  await assertSameHistory(database, store, held, lastWrite);
  if (upTo === held.sequence) return held;

  // A process that starts wants what is, and not all that ever was.
  const pages =
    held.sequence === 0n
      ? allAt(database, store, upTo)
      : changedEntities(database, store, { after: held.sequence, upTo });
  let { documents } = held;
  for await (const page of pages) {
    documents = afterChanges({ ...held, documents }, page, upTo).documents;
    await nextTurn();
  }

  return { sequence: upTo, documents, lastWrite };
}

/** A database that lost a write and had others since may be as far as before, or further, and holds something else. */
async function assertSameHistory(
  database: Database,
  store: string,
  { lastWrite: known }: HeldEntities,
  lastWrite: EntityWriteRef | undefined,
): Promise<void> {
  if (known === undefined || (lastWrite !== undefined && isSame(known, lastWrite))) return;
  const mayBeThere = lastWrite !== undefined && lastWrite.sequence > known.sequence;
  if (mayBeThere && (await hasWrite(database, store, known))) return;

  throw backwards(`the store ${store} lost its write of entities ${known.sequence}`);
}

function isSame(one: EntityWriteRef, other: EntityWriteRef): boolean {
  return one.sequence === other.sequence && one.recordId === other.recordId;
}

async function* allAt(
  database: Database,
  store: string,
  sequence: bigint,
): AsyncGenerator<readonly EntityVersion[]> {
  let after: StoredUid | undefined;
  for (;;) {
    const position = after === undefined ? {} : { after };
    const page = await entitiesAt(database, store, { sequence, limit: PAGE, ...position });
    yield page;
    after = page.at(-1);
    if (page.length < PAGE || after === undefined) return;
  }
}
