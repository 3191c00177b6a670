import pg from 'pg';
import { PdpError } from '../engine/error.ts';
import type { Client, Database, Pool, Statement } from './database.ts';
import { toStoreError } from './database-error.ts';
import type { EmbeddedConnection } from './embedded/database.ts';

/** Where the database is: a URL such as `postgres://user@host/db` or `postgres://user@/db?host=/socket/folder`. */
export type DatabaseConnection = string | EmbeddedConnection;

export interface PoolOptions {
  readonly connection: DatabaseConnection;
  /** Shown in `pg_stat_activity`. Default `palisade`. */
  readonly applicationName?: string;
  /** Connections at most. Default 10. */
  readonly max?: number;
  /** Settings of PostgreSQL for every session, beside those that all have. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told of an idle connection that broke; the next statement gets a new one. */
  readonly onIdleError?: (error: Error) => void;
}

const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** Also where the server no longer answers and so cannot keep its own timeout. */
const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 2_000;
/** From here on only a database's owner may create in its schema `public`: nobody else can put a table in our way. */
const OLDEST_SERVER = 15;

/** A pool of connections, none of them opened yet. Whoever made it ends it. */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(options.connection, options.applicationName ?? 'palisade'),
    max: options.max ?? 10,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    ...(options.settings === undefined ? {} : { options: settingsText(options.settings) }),
  });
  pool.on('error', options.onIdleError ?? ignore);
  // A connection that breaks between two statements of a transaction: the next one fails, the process must not.
  pool.on('connect', (client) => client.on('error', ignore));

  return pool;
}

function settingsText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** What every connection of ours has in common, whether of a pool or on its own. */
export function clientConfig(connection: DatabaseConnection, applicationName: string): pg.ClientConfig {
  const where = typeof connection === 'string' ? { connectionString: connection } : connection;

  return {
    ...where,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  };
}

/**
 * Runs one statement and gives its rows. Values go as parameters, never into the text.
 * @throws PdpError as `toStoreError` says.
 */
export async function query<Row extends pg.QueryResultRow>(
  database: Database,
  statement: Statement,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  try {
    // A copy, since the driver writes into what it is given.
    const own = typeof statement === 'string' ? statement : { ...statement };
    const { rows } = await database.query<Row>(own, [...values]);
    return rows;
  } catch (error) {
    throw toStoreError(error);
  }
}

/**
 * Runs `body` within one transaction: committed when it returns, rolled back when it throws.
 * @throws what `body` throws, or {@link Pool.onBegin}; PdpError `unavailable` where the commit's outcome is unknown.
 */
export async function withTransaction<Result>(
  pool: Pool,
  body: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toStoreError(error);
  });
  let broken = false;
  try {
    await query(client, 'begin');
    await pool.onBegin?.(client);
    const result = await body(client);
    await query(client, 'commit');
    return result;
  } catch (error) {
    // A connection that cannot even roll back is not given to anybody else.
    await client.query('rollback').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** @throws PdpError `unavailable` where the server is older than PostgreSQL 15, or does not answer. */
export async function assertSupportedServer(database: Database): Promise<void> {
  const [row] = await query<{ version: string }>(
    database,
    `select current_setting('server_version_num') as version`,
  );
  const major = Math.floor(Number(row?.version) / 10_000);
  if (major >= OLDEST_SERVER) return;

  throw new PdpError(
    'unavailable',
    `the database is PostgreSQL ${major}; Palisade needs ${OLDEST_SERVER} or newer`,
  );
}

function ignore(): void {}
