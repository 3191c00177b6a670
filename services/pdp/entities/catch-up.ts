import { PdpError } from '../../engine/error.ts';
import type { Database } from '../../store/database.ts';
import { changedEntities, type EntityVersion, entitiesAt, type StoredUid } from '../../store/entities.ts';
import { nextTurn } from '../turns.ts';
import { afterChanges, type HeldEntities } from './held-entities.ts';

/** Entities that a first reading asks for at a time. */
const PAGE = 5_000;

/**
 * Brings what is held of a store to a later state: whole, since a page may end within a write.
 * @param upTo a state sequence that PostgreSQL told.
 * @throws PdpError `unavailable` where PostgreSQL does not answer, or has gone back; what is held goes on.
 */
export async function catchUp(
  database: Database,
  store: string,
  held: HeldEntities,
  upTo: bigint,
): Promise<HeldEntities> {
  if (upTo < held.sequence) {
    throw new PdpError('unavailable', `the store ${store} is at ${upTo}, and was at ${held.sequence}`);
  }
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

  return { sequence: upTo, documents };
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
