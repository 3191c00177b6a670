import type pg from 'pg';
import { query } from '../pool.ts';
import { OWNER_ROLE } from './data-folder.ts';

const DATABASE = 'palisade';
const SERVER_ROLE = 'palisade_server';

/** How `pg` reaches the embedded database; there is no password, see `initialiseDataFolder`. */
export interface EmbeddedConnection {
  /** The folder of the socket. */
  readonly host: string;
  readonly user: string;
  readonly database: string;
}

/** For migrations and administration: the superuser. */
export function ownerConnection(socketDir: string): EmbeddedConnection {
  return { host: socketDir, user: OWNER_ROLE, database: DATABASE };
}

/** For serving: what the migrations grant to `palisade_serving`, and no more. */
export function servingConnection(socketDir: string): EmbeddedConnection {
  return { host: socketDir, user: SERVER_ROLE, database: DATABASE };
}

/** The same as a URL, for what takes only that; the host in it is never looked at. */
export function connectionUrl({ host, user, database }: EmbeddedConnection): string {
  return `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host)}`;
}

/** Makes the database and the roles of a new server; what is there already stays. Only one process does this at a time. */
export async function prepareDatabase(keeper: pg.Client): Promise<void> {
  const rows = await query<{ name: string }>(
    keeper,
    'select rolname as name from pg_roles union all select datname from pg_database',
  );
  const present = new Set(rows.map(({ name }) => name));
  if (!present.has('palisade_serving')) await query(keeper, 'create role palisade_serving nologin');
  if (!present.has(SERVER_ROLE))
    await query(keeper, `create role ${SERVER_ROLE} login in role palisade_serving`);
  if (!present.has(DATABASE)) await query(keeper, `create database ${DATABASE}`);
}
