import type { Database } from './database.ts';
import { type CountedDecision, chargesOf, type LimitCount } from './limits/uses.ts';
import { query } from './pool.ts';

/** All that one allowed decision takes from the state of its store: together, or nothing. */
export interface Settlement extends CountedDecision {
  readonly store: string;
  /** Absent where the caller gave none. */
  readonly key?: KeyPart;
  /** Absent where it leaves nothing in a run. */
  readonly run?: RunStep;
  readonly approval?: ApprovalPart;
}

/** The key under which a decision is made, as `claim_key` takes it. */
export interface KeyPart {
  readonly key: string;
  /** SHA-256 of what is asked, 64 hex digits. */
  readonly digest: string;
  /** For how long the key stands for it. */
  readonly period: `${number} milliseconds`;
}

/** What an allow leaves in a run, as `step_run` takes it. */
export interface RunStep {
  readonly run_id: string;
  /** Canonical text of the entity that the run is for, and of the action. */
  readonly principal: string;
  readonly action: string;
  /** Whether there is no allow without the run; otherwise it is only counted. */
  readonly needed: boolean;
  /** What the run knew when it was judged: `steps` in full, of the labels their number. Absent: it was judged by neither. */
  readonly steps?: string;
  readonly labels?: number;
  /** Closed downwards. */
  readonly takes: readonly string[];
}

/** The approval that a decision consumes, and what it must be for. */
export interface ApprovalPart {
  readonly approval_id: string;
  readonly request_digest: string;
}

/**
 * `settled`: all is taken. `over_limit`: a limit has no room. `limit_unknown`: the store does not know one of the limits by this
 * definition. `key_taken`: another decision has the key. `run_moved`: the run knows more than it was judged by. `run_closed`: it has
 * ended. `approval_gone`: the approval is not good for this request, or not any more.
 */
export type SettlementOutcome =
  | 'settled'
  | 'over_limit'
  | 'limit_unknown'
  | 'key_taken'
  | 'run_moved'
  | 'run_closed'
  | 'approval_gone';

export interface SettlementAnswer {
  readonly outcome: SettlementOutcome;
  /** What is used of its limits: with it where it is settled. */
  readonly counts: readonly LimitCount[];
}

interface SettledRow {
  readonly outcome: SettlementOutcome;
  readonly counts: readonly {
    readonly name: string;
    readonly used: string;
    readonly resets_at: string | null;
  }[];
}

/** Parts of a settlement besides what limits count; one without any is counted together with others. */
const PARTS: readonly string[] = ['key', 'run', 'approval'];

/** Whether limits are all that a decision takes from. */
export function isOnlyCounted(settlement: Settlement): boolean {
  return !PARTS.some((part) => part in settlement);
}

const SETTLE = { name: 'settle_decision', text: 'select * from settle_decision($1)' };

/** @throws PdpError `unavailable` where it is not known what was taken. */
export async function settleDecision(
  database: Database,
  { decisionId: id, uses, ...parts }: Settlement,
): Promise<SettlementAnswer> {
  const charges = chargesOf([{ decisionId: id, subject: parts.subject, uses }]);
  const [row] = await query<SettledRow>(database, SETTLE, [JSON.stringify({ ...parts, id, charges })]);
  if (row === undefined) throw new Error('a settlement had no answer');
  const counts = row.counts.map(({ name, used, resets_at: resetsAt }) => ({
    name,
    used: BigInt(used),
    resetsAt: resetsAt === null ? undefined : Date.parse(resetsAt),
  }));

  return { outcome: row.outcome, counts: counts.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}
