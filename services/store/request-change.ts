import {
  type BeforeCommit,
  type ChangeRequest,
  changeDeployment,
  jsonOf,
  previewChange,
} from './change-deployment.ts';
import type { Client, Database, Pool } from './database.ts';
import { DEPLOYMENT_CHANGE, type DeploymentChange, type OperatorChange } from './deployment-change.ts';
import { type Deployment, lockStore } from './deployments.ts';
import { query, withTransaction } from './pool.ts';
import { type Proposal, propose } from './proposals.ts';

/** The kind of a proposal to change what a store runs. */
export const DEPLOYMENT_PROPOSAL = 'deployment';

/** A change is done, or waits for a second person. */
export type Requested = { readonly deployment: Deployment } | { readonly proposal: Proposal };

/** What one person asks for; the rest of a {@link ChangeRequest} follows. */
export type OperatorRequest = Omit<ChangeRequest, 'approvedBy'> & { readonly change: OperatorChange };

/**
 * Changes what a store runs or, where it takes two persons, proposes it. What takes one always is to end a canary or a shadow: that
 * brings in nothing which two had not approved.
 * @param beforeProposal what has to be so for a change to be proposed.
 * @throws PdpError as `changeDeployment` says.
 */
export async function requestChange(
  pool: Pool,
  request: OperatorRequest,
  beforeCommit: BeforeCommit,
  beforeProposal?: BeforeCommit,
): Promise<Requested> {
  const { store, change, author, reason } = request;

  return withTransaction(pool, async (client) => {
    const { sequence, twoPerson } = await lockStore(client, store);
    const expectedSequence = request.expectedSequence ?? sequence;
    if (!twoPerson || (await isEnding(client, store, change))) {
      return { deployment: await changeDeployment(client, { ...request, approvedBy: null }, beforeCommit) };
    }

    // What does not fit now will not fit when it is approved either. It is tried within a savepoint, so nothing of it stays.
    await query(client, 'savepoint tried');
    await changeDeployment(client, { ...request, expectedSequence, approvedBy: null }, beforeProposal);
    await query(client, 'rollback to savepoint tried');
    const payload = JSON.parse(jsonOf({ change, expected_sequence: expectedSequence }) ?? 'null') as unknown;

    return {
      proposal: await propose(client, {
        kind: DEPLOYMENT_PROPOSAL,
        store,
        payload,
        proposedBy: author,
        reason,
      }),
    };
  });
}

/**
 * Reads back what a proposal would change.
 * @throws PdpError or ZodError where it is none of this kind.
 */
export function proposedChange({ payload }: Proposal): {
  readonly change: OperatorChange;
  readonly expectedSequence: bigint;
} {
  const { change, expected_sequence } = payload as { change: unknown; expected_sequence: string };

  return { change: DEPLOYMENT_CHANGE.parse(change), expectedSequence: BigInt(expected_sequence) };
}

/** Applies an approved proposal to the state that it was made for, and to no other. */
export async function applyProposedChange(
  client: Client,
  proposal: Proposal,
  { approver, recordId }: { readonly approver: string; readonly recordId: string },
  beforeCommit: BeforeCommit,
): Promise<Deployment> {
  const { store, proposedBy, reason } = proposal;

  return changeDeployment(
    client,
    { store, ...proposedChange(proposal), author: proposedBy, approvedBy: approver, reason, recordId },
    beforeCommit,
  );
}

/** Whether it takes two persons to change what a store enforces. */
export async function setTwoPerson(client: Database, store: string, enabled: boolean): Promise<void> {
  await query(client, 'update stores set two_person = $2 where name = $1', [store, enabled]);
}

async function isEnding(client: Client, store: string, change: DeploymentChange): Promise<boolean> {
  if (change.action === 'shadow') return change.digest === null;

  return change.action === 'rollback' && (await previewChange(client, store, change)).action === 'end_canary';
}
