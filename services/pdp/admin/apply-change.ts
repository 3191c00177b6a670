import type { Request } from 'express';
import { PdpError } from '../../engine/error.ts';
import { getBundle } from '../../store/bundles.ts';
import { type BeforeCommit, type Changed, digestsOf, previewChange } from '../../store/change-deployment.ts';
import type { Pool } from '../../store/database.ts';
import type { OperatorChange } from '../../store/deployment-change.ts';
import { type Deployment, deploymentHistory } from '../../store/deployments.ts';
import { withTransaction } from '../../store/pool.ts';
import { approveProposal, type Proposal } from '../../store/proposals.ts';
import {
  applyProposedChange,
  proposedChange,
  type Requested,
  requestChange,
} from '../../store/request-change.ts';
import { type Acting, newRecordId, recordingDeployment } from '../change-record.ts';
import { NOTHING_HELD } from '../entities/held-entities.ts';
import { checkFit } from '../entity-writes/fit.ts';
import { traceOf } from '../wire/rest/watch.ts';
import { type AdminContext, adminOf, followChange, visibleStores } from './context.ts';
import type { AskedChange } from './deployment-bodies.ts';

/** Who administers, as the record of a change names it. */
export function actingOf(request: Request): Acting {
  return { caller: adminOf(request), transport: 'rest', trace: traceOf(request) };
}

/**
 * Changes what a store runs, or proposes it where that takes two persons. Every bundle that decides afterwards is loaded and compiled
 * here before anything is committed: what this process cannot load would fail on every replica.
 * @throws PdpError as `requestChange` says, or what loading a bundle throws.
 */
export async function applyChange(
  context: AdminContext,
  request: Request,
  store: string,
  { change, expectedSequence, reason }: AskedChange,
): Promise<Requested> {
  const pool = context.poolFor(request);
  // A bundle that was pushed for other stores is not there for this one.
  if ('digest' in change && typeof change.digest === 'string') await getBundle(pool, change.digest, [store]);
  const recordId = newRecordId(Date.now());
  const record = recordingDeployment(context.ledger, actingOf(request), recordId);
  const author = adminOf(request).subject;

  return prepared(context, pool, store, change, (holding) =>
    requestChange(
      pool,
      { store, change, expectedSequence, author, reason, recordId },
      holding(record),
      holding(() => Promise.resolve()),
    ),
  );
}

/**
 * Approves a proposed change of a store and applies it.
 * @throws PdpError as `approveProposal` and {@link applyChange} say.
 */
export async function applyApproved(
  context: AdminContext,
  request: Request,
  proposal: Proposal,
): Promise<Deployment> {
  const pool = context.poolFor(request);
  const recordId = newRecordId(Date.now());
  const record = recordingDeployment(context.ledger, actingOf(request), recordId, proposal.id);
  const approver = adminOf(request).subject;

  return prepared(context, pool, proposal.store, proposedChange(proposal).change, (holding) =>
    approveProposal(pool, proposal.id, approver, visibleStores(request) ?? 'all', (client, open) =>
      applyProposedChange(client, open, { approver, recordId }, holding(record)),
    ),
  );
}

/** Loads what the change will need, holds it to what the store holds, and sees to it that what is committed needs nothing else. */
async function prepared<Result>(
  context: AdminContext,
  pool: Pool,
  store: string,
  change: OperatorChange,
  body: (holding: (record: BeforeCommit) => BeforeCommit) => Promise<Result>,
): Promise<Result> {
  const digests = await withTransaction(pool, async (client) =>
    digestsOf(await previewChange(client, store, change)),
  );
  const [now] = await deploymentHistory(pool, store, 1);

  return context.replica.prepared(digests, async (bundles) => {
    const deciding = now === undefined ? [] : digestsOf({ state: now });
    const entering = bundles.filter(({ ref }) => !deciding.includes(ref.digest));
    const known = context.replica.snapshot().stores.get(store)?.entities.held ?? NOTHING_HELD;
    const fit = await checkFit(pool, store, entering, known);
    const result = await body((record) => async (changed, client) => {
      requirePrepared(changed, digests);
      await fit.confirm(client, changed);
      await record(changed, client);
    });
    // Within, so that what was loaded is taken over, and not loaded again.
    await followChange(context);

    return result;
  });
}

function requirePrepared({ after }: Changed, prepared: readonly string[]): void {
  if (digestsOf({ state: after }).every((digest) => prepared.includes(digest))) return;

  throw new PdpError('conflict', 'another change came in between; look at the status and try again', {
    field: 'expected_sequence',
  });
}
