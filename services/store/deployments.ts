import { PdpError } from '../engine/error.ts';
import { unknownBundle } from './bundles.ts';
import { announceChange } from './changes.ts';
import type { Client, Database, Pool } from './database.ts';
import { query, withTransaction } from './pool.ts';

export interface PolicyStore {
  readonly name: string;
  /** Of its current deployment; 0 before the first. */
  readonly sequence: bigint;
  readonly createdAt: Date;
}

/** What a store ran from `createdAt` until the next sequence. */
export interface Deployment {
  readonly store: string;
  /** Counts from 1 within the store, without gaps. */
  readonly sequence: bigint;
  readonly digest: string;
  /** Name and version of that bundle. */
  readonly name: string;
  readonly version: string;
  /** The subject whose credential activated it. */
  readonly author: string;
  readonly reason: string;
  readonly createdAt: Date;
}

export interface Activation {
  readonly store: string;
  readonly digest: string;
  /** The sequence that its author saw last, 0 for none; `undefined` activates over whatever is there. */
  readonly expectedSequence: bigint | undefined;
  readonly author: string;
  readonly reason: string;
}

/** What a store may be called; the table checks the same. */
const STORE_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const RACE_FIELD = { field: 'expected_sequence' };

type DeploymentRow = Omit<Deployment, 'sequence'> & { readonly sequence: string };

const DEPLOYMENT = `select d.store, d.sequence, d.digest, b.name, b.version, d.author, d.reason, d.created_at as "createdAt"
  from deployments d join bundles b using (digest)`;

/**
 * Makes a stored bundle the active one of a store, in one transaction that also wakes the replicas.
 * @throws PdpError `not_found`: no such store or bundle; `conflict`: another deployment came first, which it names.
 */
export async function activate(pool: Pool, activation: Activation): Promise<Deployment> {
  const { store, digest, expectedSequence, author, reason } = activation;

  return withTransaction(pool, async (client) => {
    const sequence = await lockStore(client, store);
    if (expectedSequence !== undefined && expectedSequence !== sequence) {
      throw lostRace(store, expectedSequence, await findDeployment(client, store, sequence));
    }

    const [bundle] = await query(client, 'select from bundles where digest = $1', [digest]);
    if (bundle === undefined) throw unknownBundle(digest);

    const next = sequence + 1n;
    await query(
      client,
      'insert into deployments (store, sequence, origin, digest, author, reason) values ($1, $2, $2, $3, $4, $5)',
      [store, next, digest, author, reason],
    );
    await query(client, 'update stores set sequence = $2 where name = $1', [store, next]);
    await announceChange(client);
    const deployment = await findDeployment(client, store, next);
    if (deployment === undefined)
      throw new PdpError('internal', 'a deployment vanished within its transaction');

    return deployment;
  });
}

/** The current deployment of every store that has one, ordered by store: one consistent view. */
export async function currentDeployments(database: Database): Promise<Deployment[]> {
  const rows = await query<DeploymentRow>(
    database,
    `${DEPLOYMENT} join stores s on s.name = d.store and s.sequence = d.sequence order by d.store`,
  );

  return rows.map(toDeployment);
}

/**
 * The newest deployments of a store, newest first.
 * @throws PdpError `not_found`.
 */
export async function deploymentHistory(
  database: Database,
  store: string,
  limit: number,
): Promise<Deployment[]> {
  const rows = await query<DeploymentRow>(
    database,
    `${DEPLOYMENT} where d.store = $1 order by d.sequence desc limit $2`,
    [store, limit],
  );
  if (rows.length === 0) await requireStore(database, store);

  return rows.map(toDeployment);
}

/** All stores, also those without a deployment, ordered by name. */
export async function listStores(database: Database): Promise<PolicyStore[]> {
  const rows = await query<{ name: string; sequence: string; createdAt: Date }>(
    database,
    'select name, sequence, created_at as "createdAt" from stores order by name',
  );

  return rows.map((row) => ({ ...row, sequence: BigInt(row.sequence) }));
}

/** @throws PdpError `conflict`: it exists; `invalid_request`: not a store's name (`[a-z0-9][a-z0-9-]{0,62}`). */
export async function createStore(pool: Pool, name: string): Promise<void> {
  if (!STORE_NAME.test(name)) {
    throw new PdpError('invalid_request', `a store's name has the form ${STORE_NAME.source}`, {
      field: 'store',
    });
  }

  await withTransaction(pool, async (client) => {
    const created = await query(
      client,
      'insert into stores (name) values ($1) on conflict do nothing returning name',
      [name],
    );
    if (created.length === 0) throw new PdpError('conflict', `the store ${name} exists`, { field: 'store' });

    await announceChange(client);
  });
}

/** Whoever holds this lock gives the next number, so replicas never see a greater one before a smaller one. */
async function lockStore(client: Client, store: string): Promise<bigint> {
  const [row] = await query<{ sequence: string }>(
    client,
    'select sequence from stores where name = $1 for update',
    [store],
  );
  if (row === undefined) throw unknownStore(store);

  return BigInt(row.sequence);
}

async function findDeployment(
  client: Client,
  store: string,
  sequence: bigint,
): Promise<Deployment | undefined> {
  const [row] = await query<DeploymentRow>(client, `${DEPLOYMENT} where d.store = $1 and d.sequence = $2`, [
    store,
    sequence,
  ]);

  return row === undefined ? undefined : toDeployment(row);
}

function lostRace(store: string, expected: bigint, current: Deployment | undefined): PdpError {
  const expectation = `the store ${store} is not at sequence ${expected}`;
  if (current === undefined)
    return new PdpError('conflict', `${expectation}: it has no deployment yet`, RACE_FIELD);

  const { sequence, digest, name, version, author, createdAt } = current;

  return new PdpError(
    'conflict',
    `${expectation}: ${author} activated ${name} ${version} (${digest}) as sequence ${sequence} at ${createdAt.toISOString()}`,
    RACE_FIELD,
  );
}

async function requireStore(database: Database, store: string): Promise<void> {
  const rows = await query(database, 'select from stores where name = $1', [store]);
  if (rows.length === 0) throw unknownStore(store);
}

function unknownStore(store: string): PdpError {
  return new PdpError('not_found', `there is no store ${store}`, { field: 'store' });
}

function toDeployment(row: DeploymentRow): Deployment {
  return { ...row, sequence: BigInt(row.sequence) };
}
