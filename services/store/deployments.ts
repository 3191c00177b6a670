import { PdpError } from '../engine/error.ts';
import { announceChange } from './changes.ts';
import type { Client, Database, Pool } from './database.ts';
import { CANARY_LIMITS, MONITOR } from './deployment-change.ts';
import type { Canary, DeploymentAction, DeploymentState } from './next-deployment.ts';
import { query, withTransaction } from './pool.ts';

export interface PolicyStore {
  readonly name: string;
  /** Of its current deployment; 0 before the first. */
  readonly sequence: bigint;
  readonly createdAt: Date;
  /** Whether it takes two persons to change what it enforces. */
  readonly twoPerson: boolean;
}

/** What a store ran from `createdAt` until the next sequence: the whole state. */
export interface Deployment extends DeploymentState {
  readonly store: string;
  /** Counts from 1 within the store, without gaps. */
  readonly sequence: bigint;
  /** Its number among all changes of the store's state, those of entities included; never less than `sequence`. */
  readonly stateSequence: bigint;
  /** What led to it. */
  readonly action: DeploymentAction;
  /** Name and version of the active bundle. */
  readonly name: string;
  readonly version: string;
  /** The subject whose credential changed it; `palisade` where limits did. */
  readonly author: string;
  /** The second person; `null` where none was asked. */
  readonly approvedBy: string | null;
  readonly reason: string;
  readonly createdAt: Date;
  /** Of the change's record in the decision log; `null` for a deployment from before there were such records. */
  readonly recordId: string | null;
}

/** What a store may be called; the table checks the same. */
const STORE_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

export interface DeploymentRow
  extends Omit<Deployment, 'sequence' | 'stateSequence' | 'origin' | 'canary' | 'shadow' | 'monitor'> {
  readonly sequence: string;
  readonly stateSequence: string;
  readonly origin: string;
  readonly canaryDigest: string | null;
  readonly canaryPercent: number;
  readonly canaryBy: Canary['by'];
  readonly canarySince: string;
  readonly canaryLimits: unknown;
  readonly canaryFrozen: string | null;
  readonly shadowDigest: string | null;
  readonly shadowSince: string;
  readonly monitor: unknown;
}

const DEPLOYMENT = `select d.store, d.sequence, d.state_sequence as "stateSequence", d.action, d.digest, b.name, b.version, d.origin,
    d.canary_digest as "canaryDigest", d.canary_percent as "canaryPercent", d.canary_by as "canaryBy",
    d.canary_since as "canarySince", d.canary_limits as "canaryLimits", d.canary_frozen as "canaryFrozen",
    d.shadow_digest as "shadowDigest", d.shadow_since as "shadowSince", d.monitor,
    d.author, d.approved_by as "approvedBy", d.reason, d.created_at as "createdAt", d.record_id as "recordId"
  from deployments d join bundles b using (digest)`;

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
 * @param before only those with a smaller sequence.
 * @throws PdpError `not_found`.
 */
export async function deploymentHistory(
  database: Database,
  store: string,
  limit: number,
  before?: bigint,
): Promise<Deployment[]> {
  const rows = await query<DeploymentRow>(
    database,
    `${DEPLOYMENT} where d.store = $1 and ($3::bigint is null or d.sequence < $3) order by d.sequence desc limit $2`,
    [store, limit, before ?? null],
  );
  if (rows.length === 0) await requireStore(database, store);

  return rows.map(toDeployment);
}

/** All stores, also those without a deployment, ordered by name. */
export async function listStores(database: Database): Promise<PolicyStore[]> {
  const rows = await query<Omit<PolicyStore, 'sequence'> & { sequence: string }>(
    database,
    'select name, sequence, created_at as "createdAt", two_person as "twoPerson" from stores order by name',
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

/** A store whose row is locked until the transaction ends. */
export interface LockedStore {
  /** Of its current deployment; 0 before the first. */
  readonly sequence: bigint;
  /** Of its newest change, be it a deployment or a write of entities. */
  readonly stateSequence: bigint;
  readonly twoPerson: boolean;
  /** That it holds. */
  readonly entities: number;
}

/** Whoever holds this lock gives the next number, so replicas never see a greater one before a smaller one. */
export async function lockStore(client: Client, store: string): Promise<LockedStore> {
  const [row] = await query<{
    sequence: string;
    stateSequence: string;
    twoPerson: boolean;
    entities: number;
  }>(
    client,
    `select sequence, state_sequence as "stateSequence", two_person as "twoPerson", entity_count::int4 as entities
     from stores where name = $1 for update`,
    [store],
  );
  if (row === undefined) throw unknownStore(store);
  const { sequence, stateSequence, ...rest } = row;

  return { ...rest, sequence: BigInt(sequence), stateSequence: BigInt(stateSequence) };
}

export async function deploymentAt(
  database: Database,
  store: string,
  sequence: bigint,
): Promise<Deployment | undefined> {
  const [row] = await query<DeploymentRow>(database, `${DEPLOYMENT} where d.store = $1 and d.sequence = $2`, [
    store,
    sequence,
  ]);

  return row === undefined ? undefined : toDeployment(row);
}

/** The secret of each store that decides which runs a canary gets. It must never leave the process. */
export async function assignmentKeys(database: Database): Promise<ReadonlyMap<string, Uint8Array>> {
  const rows = await query<{ name: string; key: Uint8Array }>(
    database,
    'select name, assignment_key as key from stores',
  );

  return new Map(rows.map(({ name, key }) => [name, key]));
}

async function requireStore(database: Database, store: string): Promise<void> {
  const rows = await query(database, 'select from stores where name = $1', [store]);
  if (rows.length === 0) throw unknownStore(store);
}

function unknownStore(store: string): PdpError {
  return new PdpError('not_found', `there is no store ${store}`, { field: 'store' });
}

function toDeployment(row: DeploymentRow): Deployment {
  const { store, action, digest, name, version, author, approvedBy, reason, createdAt, recordId } = row;
  const canary: Canary | null =
    row.canaryDigest === null
      ? null
      : {
          digest: row.canaryDigest,
          percent: row.canaryPercent,
          by: row.canaryBy,
          since: BigInt(row.canarySince),
          limits: CANARY_LIMITS.parse(row.canaryLimits),
          frozen: row.canaryFrozen,
        };
  const shadow =
    row.shadowDigest === null ? null : { digest: row.shadowDigest, since: BigInt(row.shadowSince) };
  const monitor = row.monitor === null ? null : MONITOR.parse(row.monitor);

  return {
    store,
    sequence: BigInt(row.sequence),
    stateSequence: BigInt(row.stateSequence),
    action,
    digest,
    name,
    version,
    origin: BigInt(row.origin),
    canary,
    shadow,
    monitor,
    author,
    approvedBy,
    reason,
    createdAt,
    recordId,
  };
}
