import type { ApprovalRequirement } from '../../engine/approval.ts';
import { shownUid } from '../../engine/value/shown-text.ts';
import type { Client } from '../database.ts';
import { enqueueEvent } from '../webhooks/enqueue.ts';
import type { ApprovalAsk, StandingApproval } from './ask.ts';
import type { ExpiredApproval } from './sweep.ts';

/** Tells that people are asked, within the transaction that asks them. */
export function tellAsked(
  client: Client,
  { approvalId, expiresAt }: Pick<StandingApproval, 'approvalId' | 'expiresAt'>,
  { store, subject, principal, action, resource, runId, requirement, policies, message }: ApprovalAsk,
  url: string,
): Promise<void> {
  return enqueueEvent(client, {
    store,
    kind: 'approval.requested',
    payload: {
      approval_id: approvalId,
      subject,
      principal: shownUid(principal),
      action: shownUid(action),
      resource: shownUid(resource),
      run_id: runId,
      policies,
      message,
      ...wanted(requirement),
      expires_at: new Date(expiresAt).toISOString(),
      url,
    },
  });
}

/** What came of a question. */
export interface ToldAnswer {
  readonly approval_id: string;
  readonly store: string;
  readonly request_digest: string;
  readonly status: 'approved' | 'denied';
  /** The last who answered. */
  readonly person: string;
  readonly subject: string;
  readonly comment: string;
}

/** Tells that a question is answered, within the transaction that takes the last answer. */
export function tellAnswered(client: Client, { store, status, ...answer }: ToldAnswer): Promise<void> {
  return enqueueEvent(client, { store, kind: `approval.${status}`, payload: { ...answer } });
}

/** Tells that nobody answered or used it in time, within the transaction that closes it. */
export function tellExpired(
  client: Client,
  { approval_id, store, request_digest }: ExpiredApproval,
): Promise<void> {
  return enqueueEvent(client, { store, kind: 'approval.expired', payload: { approval_id, request_digest } });
}

function wanted({ groups, severity }: ApprovalRequirement) {
  return { severity, groups: groups.map(({ group, count }) => ({ group: shownUid(group), count })) };
}
