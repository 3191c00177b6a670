import { randomUUID } from 'node:crypto';
import type { ApprovalStatus } from '../../../services/engine/approval.ts';
import type { Answer } from '../../../services/store/approvals/answer.ts';
import { answerApproval } from '../../../services/store/approvals/answer.ts';
import {
  type ApprovalAsk,
  askApproval,
  type StandingApproval,
} from '../../../services/store/approvals/ask.ts';
import type { Pool } from '../../../services/store/database.ts';
import { withTransaction } from '../../../services/store/pool.ts';
import type { OpenTestDatabase } from '../../support/postgres.ts';

export const DIGEST = `sha256:${'a'.repeat(64)}`;
export const FINANCE = 'Group::"finance"';

/** A question as the decision path asks it, but for some changes. */
export function anAsk(changes: Partial<ApprovalAsk> = {}): ApprovalAsk {
  return {
    id: randomUUID(),
    store: 'default',
    subject: 'agents',
    requestDigest: DIGEST,
    decisionId: randomUUID(),
    bundleDigest: DIGEST,
    principal: { type: 'Bot', id: 'bot' },
    action: { type: 'Action', id: 'pay' },
    resource: { type: 'Account', id: 'a' },
    runId: '',
    policies: ['large-payments'],
    message: 'Ask finance.',
    requirement: {
      groups: [{ group: { type: 'Group', id: 'finance' }, count: 1 }],
      ttlMs: 60_000,
      severity: 'high',
    },
    memoryMs: 60_000,
    cap: 3,
    capOfPrincipal: 5,
    ...changes,
  };
}

export function ask(pool: Pool, changes: Partial<ApprovalAsk> = {}): Promise<StandingApproval | undefined> {
  return withTransaction(pool, (client) => askApproval(client, anAsk(changes)));
}

/** Asks, and gives the id. */
export async function asked(pool: Pool, changes: Partial<ApprovalAsk> = {}): Promise<string> {
  const standing = await ask(pool, changes);
  if (standing === undefined) throw new Error('too many questions');

  return standing.approvalId;
}

/** What `who` says, by a credential of its own name. */
export function answer(
  pool: Pool,
  approvalId: string,
  who: string,
  what: Answer = 'approve',
  more: { readonly subject?: string; readonly groups?: readonly string[] } = {},
): Promise<ApprovalStatus> {
  return withTransaction(pool, (client) =>
    answerApproval(client, {
      approvalId,
      answer: what,
      approver: `User::"${who}"`,
      subject: more.subject ?? who,
      comment: '',
      groups: more.groups ?? [FINANCE],
      recordId: randomUUID(),
    }),
  );
}

/** Consumes as the settling transaction does, which alone may; `null`: it went well. */
export async function take(
  { owner }: Pick<OpenTestDatabase, 'owner'>,
  approvalId: string,
  changes: {
    readonly id?: string;
    readonly subject?: string;
    readonly store?: string;
    readonly digest?: string;
  } = {},
): Promise<string | null> {
  const { id = randomUUID(), subject = 'agents', store = 'default', digest = DIGEST } = changes;
  const approval = { approval_id: approvalId, request_digest: digest };
  const { rows } = await owner.query<{ outcome: string | null }>('select take_approval($1) as outcome', [
    JSON.stringify({ id, subject, store, approval }),
  ]);

  return rows[0]?.outcome ?? null;
}

/** Has the clock of approvals go on by so much. */
export async function letPass({ owner }: Pick<OpenTestDatabase, 'owner'>, interval: string): Promise<void> {
  await owner.query(
    `create or replace function approval_clock() returns timestamptz language sql volatile
     as $$ select clock_timestamp() + interval '${interval}' $$`,
  );
}
