import type { Candidate, Requirement } from '../bundles/signature/judge.ts';
import { verifyingKey } from '../bundles/signature/keys.ts';
import { PdpError } from '../engine/error.ts';
import { exceedsLimit, LIMITS } from '../engine/limits.ts';
import { announceChange } from './changes.ts';
import type { Client, Database, Pool } from './database.ts';
import { lockStore } from './deployments.ts';
import { query, withTransaction } from './pool.ts';
import { type Proposal, propose } from './proposals.ts';
import { currentRequirement, insertRequirement } from './signature-requirements.ts';
import { assertSignedAs } from './signed.ts';

/** What proposals of another requirement are called. */
export const REQUIREMENT_KIND = 'signature_requirement';

/** Another requirement for a store; no keys and a threshold of 0: none. */
export interface NewRequirement extends Requirement {
  readonly store: string;
  readonly proposedBy: string;
  readonly reason: string;
}

/** Plain JSON: what is proposed, and over which requirement. */
interface Payload {
  readonly threshold: number;
  /** Each as its 32 bytes in base64url. */
  readonly keys: readonly string[];
  /** Sequence of the requirement that its author saw; 0: none. */
  readonly over: string;
}

/**
 * Proposes what a store is to require; it holds once another person approves it.
 * @param nowMs milliseconds since the epoch.
 * @throws PdpError `not_found`: no such store; `invalid_request` or `too_large`: no requirement; `precondition_failed`: what the store
 * runs is not signed like that, so that no replica could load it again.
 */
export async function proposeRequirement(
  pool: Pool,
  { store, threshold, keys, proposedBy, reason }: NewRequirement,
  nowMs: number,
): Promise<Proposal> {
  checkRequirement({ threshold, keys });

  return withTransaction(pool, async (client) => {
    await lockStore(client, store);
    await assertRunningSigned(client, store, { threshold, keys }, nowMs);
    const payload: Payload = {
      threshold,
      keys: keys.map(({ x }) => x),
      over: String((await currentRequirement(client, store))?.sequence ?? 0n),
    };

    return propose(client, { kind: REQUIREMENT_KIND, store, payload, proposedBy, reason });
  });
}

/**
 * Makes a proposed requirement the one that holds, within the transaction that approves it.
 * @returns its sequence.
 * @throws PdpError `conflict`: another requirement came in between, or it is a proposal of another kind; `precondition_failed` as
 * {@link proposeRequirement}.
 */
export async function applyRequirement(
  client: Client,
  proposal: Proposal,
  approvedBy: string,
  nowMs: number,
): Promise<bigint> {
  const { id, kind, store, proposedBy, reason } = proposal;
  if (kind !== REQUIREMENT_KIND) throw new PdpError('conflict', `the proposal ${id} is of the kind ${kind}`);

  const { threshold, keys: xs, over } = proposal.payload as Payload;
  const keys = xs.map(verifyingKey);
  checkRequirement({ threshold, keys });
  await lockStore(client, store);
  if (((await currentRequirement(client, store))?.sequence ?? 0n) !== BigInt(over)) {
    throw new PdpError(
      'conflict',
      `another requirement of the store ${store} came in between; propose it again`,
    );
  }
  await assertRunningSigned(client, store, { threshold, keys }, nowMs);
  const sequence = await insertRequirement(client, {
    store,
    threshold,
    keys,
    proposal: id,
    proposedBy,
    approvedBy,
    reason,
  });
  await announceChange(client);

  return sequence;
}

/** What a store runs now: the active bundle, and those beside it. */
export async function runningBundles(database: Database, store: string): Promise<Candidate[]> {
  return query<Candidate & { store: string }>(
    database,
    `select s.name as store, b.digest, b.name from stores s
     join deployments d on d.store = s.name and d.sequence = s.sequence
     join bundles b on b.digest in (d.digest, d.canary_digest, d.shadow_digest)
     where s.name = $1 order by b.digest <> d.digest, b.digest`,
    [store],
  );
}

function checkRequirement({ threshold, keys }: Requirement): void {
  if (keys.length > LIMITS.signature_keys) throw exceedsLimit('signature_keys', 'keys');
  if (new Set(keys.map(({ id }) => id)).size !== keys.length) {
    throw new PdpError('invalid_request', 'a key is listed twice; it would count once', { field: 'keys' });
  }

  const isNone = threshold === 0 && keys.length === 0;
  if (!isNone && !(Number.isInteger(threshold) && threshold >= 1 && threshold <= keys.length)) {
    throw new PdpError(
      'invalid_request',
      `the threshold is not from 1 to ${keys.length}, the number of keys`,
      {
        field: 'threshold',
      },
    );
  }
}

/** A requirement that what runs does not meet would show at the next restart, everywhere at once. */
async function assertRunningSigned(
  database: Database,
  store: string,
  requirement: Requirement,
  nowMs: number,
): Promise<void> {
  if (requirement.threshold === 0) return;

  for (const candidate of await runningBundles(database, store)) {
    await assertSignedAs(database, requirement, candidate, nowMs);
  }
}
