import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { PdpError } from '../engine/error.ts';
import type { Database } from './database.ts';
import { sqlStateOf, toStoreError } from './database-error.ts';
import { createPartitions } from './decision-partitions.ts';
import { assertSupportedServer, clientConfig, type DatabaseConnection } from './pool.ts';

const MIGRATIONS_DIR = fileURLToPath(new URL('../../migrations/', import.meta.url));
const MIGRATION_FILE = /^(\d{4}_[a-z0-9_]+)\.sql$/;
const MIGRATIONS_TABLE = 'palisade_migrations';
/** The current month and a year ahead; rows beyond fall into the default partition. */
const PARTITION_MONTHS = 13;
/** Held while migrating, so that any number of runners follow each other. Any number of our own will do. */
const MIGRATION_LOCK = 7_180_271_828;

/** The database answers, and is not one that this version of Palisade may work on. */
export class MigrationError extends PdpError {}

/**
 * Brings the database up to date, with a role that may create tables. All pending migrations are one transaction;
 * runners at the same time wait for each other.
 * @returns the names of the migrations that this call ran.
 * @throws PdpError `unavailable`: no database, too old a one, or one that a newer Palisade has migrated; `internal`: a
 * migration failed, with the database's own words.
 */
export async function migrate(connection: DatabaseConnection): Promise<string[]> {
  // Loaded where it is used: serving never migrates and need not carry it.
  const { runner } = await import('node-pg-migrate');

  return withClient(connection, async (client) => {
    await assertSupportedServer(client);
    const ran = await runner({
      dbClient: client,
      dir: MIGRATIONS_DIR,
      ignorePattern: `(?!${MIGRATION_FILE.source.slice(1, -1)}$).*`,
      migrationsTable: MIGRATIONS_TABLE,
      direction: 'up',
      advisoryLockMode: 'wait',
      lockValue: MIGRATION_LOCK,
      log: () => undefined,
    }).catch((error: unknown) => {
      throw migrationError(error);
    });
    await assertMigrated(client);
    await createPartitions(client, new Date(), PARTITION_MONTHS);

    return ran.map(({ name }) => name);
  });
}

/**
 * Makes sure that the database has exactly the migrations that this version of Palisade knows.
 * @throws MigrationError `unavailable` with the remedy; PdpError where it does not answer.
 */
export async function assertMigrated(database: Database): Promise<void> {
  await assertSupportedServer(database);
  const known = await knownMigrations();
  const ran = await ranMigrations(database);
  const missing = known.filter((name) => !ran.includes(name));
  const unknown = ran.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new MigrationError(
      'unavailable',
      `a newer Palisade has migrated the database (${unknown.join(', ')}): run that version or a later one`,
    );
  }

  if (missing.length > 0) {
    throw new MigrationError(
      'unavailable',
      `the database lacks migrations (${missing.join(', ')}): run palisade migrate`,
    );
  }
}

/** The newest migration that this version of Palisade knows: what is kept of a database has the shape that it gave it. */
export async function lastMigration(): Promise<string> {
  return (await knownMigrations()).at(-1) ?? '';
}

async function knownMigrations(): Promise<string[]> {
  const files = await readdir(MIGRATIONS_DIR);

  return files.flatMap((file) => MIGRATION_FILE.exec(file)?.[1] ?? []).sort();
}

async function ranMigrations(database: Database): Promise<string[]> {
  try {
    const { rows } = await database.query<{ name: string }>(
      `select name from ${MIGRATIONS_TABLE} order by id`,
    );
    return rows.map(({ name }) => name);
  } catch (error) {
    const remedy = REMEDIES[sqlStateOf(error) ?? ''];
    throw remedy === undefined
      ? toStoreError(error)
      : new MigrationError('unavailable', remedy, { cause: error });
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  // undefined_table
  '42P01': 'the database is not migrated: run palisade migrate',
  // insufficient_privilege
  '42501': 'the database role may not read: grant palisade_serving to it',
};

async function withClient<Result>(
  connection: DatabaseConnection,
  body: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(clientConfig(connection, 'palisade migrate'));
  client.on('error', () => undefined);
  await client.connect().catch((error: unknown) => {
    throw toStoreError(error);
  });
  try {
    return await body(client);
  } finally {
    await client.end();
  }
}

/** Migrations hold no secrets and are run by administrators: they are told what the database says. */
function migrationError(error: unknown): PdpError {
  const [message] = String(error instanceof Error ? error.message : error).split('\n', 1);
  const hint = error instanceof pg.DatabaseError && error.hint !== undefined ? ` (${error.hint})` : '';

  return new PdpError('internal', `migrating failed: ${message}${hint}`, { cause: error });
}
