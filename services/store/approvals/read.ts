import type { ApprovalStatus } from '../../engine/approval.ts';
import type { Database } from '../database.ts';
import type { StoreScope } from '../decisions.ts';
import { query } from '../pool.ts';
import type { Answer } from './answer.ts';
import { unknownApproval } from './answer.ts';
import type { ApprovalQuestion } from './ask.ts';

/** A question of approval and what became of it, without the request itself. */
export interface Approval extends ApprovalQuestion {
  readonly approval_id: string;
  readonly store: string;
  /** Of the credential that asked. */
  readonly subject: string;
  readonly request_digest: string;
  readonly decision_id: string;
  readonly bundle_digest: string;
  readonly status: ApprovalStatus;
  /** Of each group so many. */
  readonly groups: readonly { readonly group: string; readonly count: number }[];
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly decided_at: Date | null;
  readonly consumed_at: Date | null;
  readonly consumed_by: string | null;
  readonly answers: readonly GivenAnswer[];
}

export interface GivenAnswer {
  readonly approver: string;
  readonly subject: string;
  readonly answer: Answer;
  readonly comment: string;
  readonly groups: readonly string[];
  /** RFC 3339. */
  readonly answered_at: string;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What is over time is expired, whether or not a sweep has said so yet. */
const STATUS = `case when a.status in ('pending', 'approved') and a.expires_at <= approval_clock()
  then 'expired' else a.status end`;
const SELECT = `select a.approval_id, a.store, a.subject, a.request_digest, a.decision_id, a.bundle_digest, ${STATUS} as status,
    a.groups, a.question, a.created_at, a.expires_at, a.decided_at, a.consumed_at, a.consumed_by,
    coalesce((
      select jsonb_agg(jsonb_build_object('approver', n.approver, 'subject', n.subject, 'answer', n.answer,
               'comment', n.comment, 'groups', n.groups, 'answered_at',
               to_char(n.answered_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by n.answered_at, n.approver)
        from approval_answers n where n.approval_id = a.approval_id), '[]') as answers
  from approvals a`;

type Row = Omit<Approval, keyof ApprovalQuestion> & { readonly question: ApprovalQuestion };

/** One approval of these stores; `undefined`: there is none. */
export async function findApproval(
  database: Database,
  id: string,
  stores: StoreScope,
): Promise<Approval | undefined> {
  if (!ID.test(id)) return undefined;
  const [row] = await query<Row>(
    database,
    `${SELECT} where a.approval_id = $1 and ($2::text[] is null or a.store = any($2))`,
    [id, scopeOf(stores)],
  );

  return row === undefined ? undefined : approvalOf(row);
}

/** @throws PdpError `not_found`: there is none in these stores. */
export async function getApproval(database: Database, id: string, stores: StoreScope): Promise<Approval> {
  const found = await findApproval(database, id, stores);
  if (found === undefined) throw unknownApproval(id);

  return found;
}

/** The newest approvals of these stores, newest first; where a status is named, of that one alone. */
export async function listApprovals(
  database: Database,
  stores: StoreScope,
  { status, limit }: { readonly status?: ApprovalStatus | undefined; readonly limit: number },
): Promise<readonly Approval[]> {
  const rows = await query<Row>(
    database,
    `${SELECT} where ($1::text[] is null or a.store = any($1)) and ($2::text is null or ${STATUS} = $2)
     order by a.number desc limit $3`,
    [scopeOf(stores), status ?? null, limit],
  );

  return rows.map(approvalOf);
}

/** What some approvals are now, by their ids; those that are not there are left out. */
export async function approvalStatuses(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ApprovalStatus>> {
  const rows = await query<{ approval_id: string; status: ApprovalStatus }>(
    database,
    `select a.approval_id, ${STATUS} as status from approvals a where a.approval_id = any($1)`,
    [ids],
  );

  return new Map(rows.map(({ approval_id: id, status }) => [id, status]));
}

function scopeOf(stores: StoreScope): readonly string[] | null {
  return stores === 'all' ? null : stores;
}

function approvalOf({ question, ...row }: Row): Approval {
  return { ...row, ...question };
}
