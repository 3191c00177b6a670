import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { withTransaction } from '../../../../services/store/pool.ts';
import { type EntityChange, writeEntities } from '../../../../services/store/write-entities.ts';

/** Writes to a store past the API, as one state; gives its sequence. */
export function write(pool: pg.Pool, store: string, ...changes: readonly EntityChange[]): Promise<bigint> {
  return withTransaction(pool, (client) =>
    writeEntities(client, { store, changes, author: 'test', recordId: randomUUID() }),
  );
}

/** Of the users and teams of `storeBundle`. */
export function user(id: string, level: unknown, ...teams: readonly string[]): EntityChange {
  return entity(
    'User',
    id,
    { level },
    teams.map((team) => ({ type: 'Team', id: team })),
  );
}

export function team(id: string, org: string): EntityChange {
  return entity('Team', id, {}, [{ type: 'Org', id: org }]);
}

export function gone(type: string, id: string): EntityChange {
  return { uid: { type, id }, document: null };
}

function entity(type: string, id: string, attrs: object, parents: readonly object[]): EntityChange {
  const uid = { type, id };

  return { uid, document: JSON.stringify({ uid, attrs, parents, tags: {} }) };
}
