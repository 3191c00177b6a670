import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { createPool } from '../../services/store/pool.ts';

/** The server of this run, as the global setup made it. */
export interface TestServer {
  /** Of a role that makes databases and roles. */
  readonly adminUrl: string;
  /** Of a role that has what `palisade_serving` has; the database in it is to be replaced. */
  readonly servingUrl: string;
  /** The name of a database that is migrated and never connected to: the others are copies of it. */
  readonly template: string;
}

/** A migrated database for one test. */
export interface TestDatabase {
  readonly name: string;
  /** As the owner, who migrates. */
  readonly ownerUrl: string;
  /** As a member of `palisade_serving`. */
  readonly servingUrl: string;
  readonly drop: () => Promise<void>;
}

/** A test database with pools into it. */
export interface OpenTestDatabase extends Omit<TestDatabase, 'drop'> {
  readonly owner: pg.Pool;
  readonly serving: pg.Pool;
}

/** The server of this run; throws where there is none. */
export function testServer(): TestServer {
  const server = inject('testServer');
  if ('error' in server) throw new Error(`no test database: ${server.error}`);

  return server;
}

/** Copies the migrated template; `empty` makes a database without any table instead. Whoever calls it drops it. */
export async function createTestDatabase({
  empty = false,
  server = testServer(),
} = {}): Promise<TestDatabase> {
  const { adminUrl, servingUrl, template } = server;
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runAsAdmin(
    adminUrl,
    `create database ${name} template ${empty ? 'template0' : template} strategy file_copy`,
  );

  return {
    name,
    ownerUrl: withDatabaseName(adminUrl, name),
    servingUrl: withDatabaseName(servingUrl, name),
    drop: () => runAsAdmin(adminUrl, `drop database if exists ${name} with (force)`),
  };
}

/** Runs `body` with a database of its own, which is gone afterwards. */
export async function withDatabase<Result>(
  body: (database: OpenTestDatabase) => Promise<Result>,
): Promise<Result> {
  const { drop, ...database } = await createTestDatabase();
  const owner = createPool({ connection: database.ownerUrl });
  const serving = createPool({ connection: database.servingUrl });
  try {
    return await body({ ...database, owner, serving });
  } finally {
    await Promise.all([owner.end(), serving.end()]);
    await drop();
  }
}

/** Runs one statement on a connection of its own. */
export async function runAsAdmin(adminUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The same URL with another database in it. */
export function withDatabaseName(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;

  return changed.href;
}
