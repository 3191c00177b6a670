import type { ApprovalRequirement, ApprovalStatus, Severity } from '../../engine/approval.ts';
import type { RawUid } from '../../engine/raw/raw.ts';
import { uidKey } from '../../engine/value/value.ts';
import { columnText } from '../column-text.ts';
import type { Client } from '../database.ts';
import { query } from '../pool.ts';

/** What is asked of people. */
export interface ApprovalAsk {
  /** UUIDv7, for where it has not been asked yet. */
  readonly id: string;
  readonly store: string;
  /** Of the credential that asks. */
  readonly subject: string;
  readonly requestDigest: string;
  /** The denied decision, whose record holds the request. */
  readonly decisionId: string;
  readonly bundleDigest: string;
  readonly principal: RawUid;
  readonly action: RawUid;
  readonly resource: RawUid;
  /** Empty: none. */
  readonly runId: string;
  /** Ids of the policies that ask. */
  readonly policies: readonly string[];
  /** Their words. */
  readonly message: string;
  readonly requirement: ApprovalRequirement;
  /** How long a denial stands for the same request, in milliseconds. */
  readonly memoryMs: number;
  /** Questions of one run, or of one principal where there is no run, that may be open or denied of late. */
  readonly cap: number;
  /** The same of one principal, in all its runs. */
  readonly capOfPrincipal: number;
}

/** The question that stands for a request. */
export interface StandingApproval {
  readonly approvalId: string;
  readonly status: ApprovalStatus;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly isNew: boolean;
}

/** For people, beside what the record says; a text as PostgreSQL takes it. */
export interface ApprovalQuestion {
  readonly principal: RawUid;
  readonly action: RawUid;
  readonly resource: RawUid;
  readonly run_id: string;
  readonly policies: readonly string[];
  readonly message: string;
  readonly severity: Severity;
}

interface AskRow {
  readonly approval_id: string | null;
  readonly status: ApprovalStatus;
  readonly expires_at: Date;
  readonly is_new: boolean;
}

/**
 * Finds the question that stands for a request, or asks it.
 * @returns `undefined` where too many are open.
 */
export async function askApproval(client: Client, ask: ApprovalAsk): Promise<StandingApproval | undefined> {
  const [row] = await query<AskRow>(client, 'select * from ask_approval($1)', [textOf(ask)]);
  if (row === undefined || row.approval_id === null) return undefined;
  const { approval_id: approvalId, status, expires_at: expiresAt, is_new: isNew } = row;

  return { approvalId, status, expiresAt: expiresAt.getTime(), isNew };
}

function textOf({ principal, action, resource, runId, requirement, ...ask }: ApprovalAsk): string {
  const { groups, ttlMs, severity } = requirement;
  const question: ApprovalQuestion = {
    principal: shownUid(principal),
    action: shownUid(action),
    resource: shownUid(resource),
    run_id: columnText(runId),
    policies: ask.policies,
    message: columnText(ask.message),
    severity,
  };

  return JSON.stringify({
    id: ask.id,
    store: ask.store,
    subject: ask.subject,
    request_digest: ask.requestDigest,
    decision_id: ask.decisionId,
    bundle_digest: ask.bundleDigest,
    question,
    groups: groups.map(({ group, count }) => ({ group: uidText(group), count })),
    cap_key: runId === '' ? `principal ${uidText(principal)}` : `run ${columnText(runId)}`,
    ttl_ms: ttlMs,
    memory_ms: ask.memoryMs,
    cap: ask.cap,
    cap_of_principal: ask.capOfPrincipal,
  });
}

/** How an entity is named in the rows of approvals and answers. */
export function uidText({ type, id }: RawUid): string {
  return columnText(uidKey(type, id));
}

function shownUid({ type, id }: RawUid): RawUid {
  return { type: columnText(type), id: columnText(id) };
}
