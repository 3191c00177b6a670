import { PdpError } from '../engine/error.ts';
import { getBundle } from './bundles.ts';
import { announceChange } from './changes.ts';
import type { Client, Pool } from './database.ts';
import type { DeploymentChange } from './deployment-change.ts';
import { type Deployment, type DeploymentRow, deploymentAt, lockStore } from './deployments.ts';
import { defineLimits } from './limits/definitions.ts';
import { limitsOfBundle } from './limits/of-bundle.ts';
import { type Next, nextDeployment, type RollbackTarget } from './next-deployment.ts';
import { query, withTransaction } from './pool.ts';
import { assertSigned } from './signed.ts';

/** A change of what a store runs, and who answers for it. */
export interface ChangeRequest {
  readonly store: string;
  readonly change: DeploymentChange;
  /** The sequence that its author saw last, 0 for none; `undefined` changes whatever is there. */
  readonly expectedSequence: bigint | undefined;
  readonly author: string;
  /** The second person; `null` where none was asked. */
  readonly approvedBy: string | null;
  readonly reason: string;
  /** Of the change's record in the decision log. */
  readonly recordId: string | null;
}

/** What a store ran, and runs once the transaction commits. */
export interface Changed {
  readonly before: Deployment | undefined;
  readonly after: Deployment;
}

export type Activation = Pick<ChangeRequest, 'store' | 'expectedSequence' | 'author' | 'reason'> & {
  readonly digest: string;
};

/** Told of a change before it is committed, within its transaction; where it fails, nothing is changed. */
export type BeforeCommit = (changed: Changed, client: Client) => Promise<void>;

/**
 * Changes what a store runs, within a transaction that also wakes the replicas: one new sequence, whose row describes the whole state.
 * @throws PdpError `not_found`: no such store, or no such bundle of it; `conflict`: another change came first, which it names;
 * `precondition_failed`: a bundle lacks signatures that the store requires; as `nextDeployment` says; what `beforeCommit` throws.
 */
export async function changeDeployment(
  client: Client,
  request: ChangeRequest,
  beforeCommit: BeforeCommit = () => Promise.resolve(),
): Promise<Deployment> {
  const { store, expectedSequence } = request;
  const { sequence, stateSequence } = await lockStore(client, store);
  const before = await deploymentAt(client, store, sequence);
  if (expectedSequence !== undefined && expectedSequence !== sequence) {
    throw lostRace(store, expectedSequence, before);
  }

  const next = await nextOf(client, store, request.change, before, sequence + 1n);
  await requireOwnSigned(client, store, before, next);
  await defineNewLimits(client, store, before, next);
  await insert(client, request, next, { sequence: sequence + 1n, stateSequence: stateSequence + 1n });
  await query(client, 'update stores set sequence = $2, state_sequence = $3 where name = $1', [
    store,
    sequence + 1n,
    stateSequence + 1n,
  ]);
  await announceChange(client);
  const after = await deploymentAt(client, store, sequence + 1n);
  if (after === undefined) throw new PdpError('internal', 'a deployment vanished within its transaction');
  await beforeCommit({ before, after }, client);

  return after;
}

/**
 * Makes a stored bundle the active one of a store, for those who keep no decision log.
 * @throws PdpError as {@link changeDeployment} says.
 */
export async function activate(pool: Pool, { digest, ...activation }: Activation): Promise<Deployment> {
  const change = { action: 'activate', digest } as const;

  return withTransaction(pool, (client) =>
    changeDeployment(client, { ...activation, change, approvedBy: null, recordId: null }),
  );
}

/**
 * What a change would lead to now; nothing is changed.
 * @throws PdpError as {@link changeDeployment} says, save that nobody is asked for bundles or sequences.
 */
export async function previewChange(client: Client, store: string, change: DeploymentChange): Promise<Next> {
  const { sequence } = await lockStore(client, store);

  return nextOf(client, store, change, await deploymentAt(client, store, sequence), sequence + 1n);
}

/** The bundles that a state needs. */
export function digestsOf({ state }: Pick<Next, 'state'>): readonly string[] {
  const { digest, canary, shadow } = state;

  return [digest, canary?.digest, shadow?.digest].filter((one) => one !== undefined);
}

async function nextOf(
  client: Client,
  store: string,
  change: DeploymentChange,
  before: Deployment | undefined,
  sequence: bigint,
): Promise<Next> {
  const target =
    change.action === 'rollback' && before !== undefined
      ? await rollbackTarget(client, store, before, change.to)
      : undefined;

  return nextDeployment(before, change, sequence, target);
}

/** The newest active bundle before the one that runs came, which another rollback may have brought back; or that of a sequence. */
async function rollbackTarget(
  client: Client,
  store: string,
  current: Deployment,
  to: bigint | undefined,
): Promise<RollbackTarget | undefined> {
  const [row] = await query<Pick<DeploymentRow, 'digest' | 'origin'>>(
    client,
    to === undefined
      ? `select digest, origin from deployments where store = $1 and sequence < $2 and digest <> $3
         order by sequence desc limit 1`
      : 'select digest, origin from deployments where store = $1 and sequence = $2 and sequence <= $3',
    to === undefined ? [store, current.origin, current.digest] : [store, to, current.sequence],
  );

  return row === undefined ? undefined : { digest: row.digest, origin: BigInt(row.origin) };
}

/**
 * A bundle that gets a part which it did not have is one of the store's, and signed as it requires. One that keeps its part is not asked
 * again: ending a canary must not fail because what is active has signatures that expired.
 */
async function requireOwnSigned(
  client: Client,
  store: string,
  before: Deployment | undefined,
  { state }: Next,
): Promise<void> {
  const parts = [
    [before?.digest, state.digest],
    [before?.canary?.digest, state.canary?.digest],
    [before?.shadow?.digest, state.shadow?.digest],
  ];
  for (const [old, digest] of parts) {
    if (digest === undefined || digest === old) continue;
    const { name } = await getBundle(client, digest, [store]);
    await assertSigned(client, { store, digest, name }, Date.now());
  }
}

/**
 * What counts from now on is known by its name for ever: counters outlive the bundle. A shadow counts nothing.
 */
async function defineNewLimits(
  client: Client,
  store: string,
  before: Deployment | undefined,
  { state }: Next,
): Promise<void> {
  for (const digest of [state.digest, state.canary?.digest]) {
    if (digest === undefined || digest === before?.digest || digest === before?.canary?.digest) continue;
    const { manifest } = await getBundle(client, digest, [store]);
    await defineLimits(client, store, limitsOfBundle(manifest));
  }
}

async function insert(
  client: Client,
  { store, author, approvedBy, reason, recordId }: ChangeRequest,
  { action, state }: Next,
  { sequence, stateSequence }: Pick<Deployment, 'sequence' | 'stateSequence'>,
): Promise<void> {
  const { digest, origin, canary, shadow, monitor } = state;
  const row = {
    store,
    sequence,
    state_sequence: stateSequence,
    action,
    digest,
    origin,
    canary_digest: canary?.digest,
    canary_percent: canary?.percent,
    canary_by: canary?.by,
    canary_since: canary?.since,
    canary_limits: jsonOf(canary?.limits),
    canary_frozen: canary?.frozen,
    shadow_digest: shadow?.digest,
    shadow_since: shadow?.since,
    monitor: jsonOf(monitor),
    author,
    approved_by: approvedBy,
    reason,
    record_id: recordId,
  };
  const names = Object.keys(row);
  await query(
    client,
    `insert into deployments (${names.join()}) values (${names.map((_, index) => `$${index + 1}`).join()})`,
    Object.values(row).map((value) => value ?? null),
  );
}

/** 64-bit integers as text, as the schemas read them back. */
export function jsonOf(value: object | null | undefined): string | null {
  if (value === null || value === undefined) return null;

  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}` : member));
}

function lostRace(store: string, expected: bigint, current: Deployment | undefined): PdpError {
  const field = { field: 'expected_sequence' };
  const expectation = `the store ${store} is not at sequence ${expected}`;
  if (current === undefined)
    return new PdpError('conflict', `${expectation}: it has no deployment yet`, field);

  const { sequence, action, digest, name, version, author, createdAt } = current;
  const at = `sequence ${sequence} at ${createdAt.toISOString()}`;
  const what =
    action === 'activate'
      ? `${author} activated ${name} ${version} (${digest}) as ${at}`
      : `${author} made ${at} (${action}; active is ${name} ${version}, ${digest})`;

  return new PdpError('conflict', `${expectation}: ${what}`, field);
}
