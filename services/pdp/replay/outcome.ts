import type { DecidedCode } from '../../engine/verdict.ts';
import type { PastDecision } from '../../ledger/history.ts';
import { PEOPLE_CODES } from './people.ts';

/** What a decision came to: `policy_error` is a deny because a policy failed, `error` is no decision at all. */
export type OutcomeKind = 'allow' | 'deny' | 'policy_error' | 'error';

/** What was decided, or would be. */
export interface Outcome {
  readonly kind: OutcomeKind;
  /** A reason code; of an error, its code. */
  readonly code: string;
  /** Ids of the determining policies where they decided, of those that failed at a `policy_error`; sorted. */
  readonly policies: readonly string[];
  /** Of an error: the field at fault, without positions and names that a caller chose. */
  readonly field?: string;
  /** Of an error: what is wrong. */
  readonly message?: string;
}

/** A verdict, whether it was just made or stands in a record. */
export interface Decided {
  readonly decision: 'allow' | 'deny';
  readonly reasonCode: string;
  readonly determining: readonly string[];
  readonly failing: readonly string[];
}

/** Reasons of denials that lie in the state of a store, and not in what its policies say. */
const STATE_CODES: ReadonlySet<string> = new Set(['limit_exceeded', ...PEOPLE_CODES]);

export function outcomeOf({ decision, reasonCode, determining, failing }: Decided): Outcome {
  if (decision === 'allow') return { kind: 'allow', code: reasonCode, policies: determining };
  if (reasonCode === 'policy_error') return { kind: 'policy_error', code: reasonCode, policies: failing };

  return { kind: 'deny', code: reasonCode, policies: determining };
}

/**
 * The verdict of a record's policies. Where they were only monitored, what was replied is not what they said: a record then has
 * `policy_decision`, and its reason code is that of the reply. Nor is it where a limit had no room, people had not approved or the run did not
 * stand: that is no
 * matter of policies, and is not decided again.
 * @param withPeople whether a denial that was left to people is told as that, for what is judged with people too.
 */
export function recordedVerdict(record: PastDecision, withPeople = false): Decided {
  const { policy_decision: decision = record.decision, determining, policy_errors: errors } = record;
  const failing = errors.map(({ policy_id }) => policy_id);
  const isOfPeople = withPeople && PEOPLE_CODES.has(record.reason_code);
  const isSettled = (STATE_CODES.has(record.reason_code) && !isOfPeople) || record.run_refusal !== undefined;
  const isTheirs = decision === record.decision && !isSettled;
  const reasonCode = isTheirs ? record.reason_code : reasonOf(decision, record);

  return { decision, reasonCode, determining, failing };
}

type Decision = PastDecision['decision'];

/** As `settleEvaluation` gives it. */
function reasonOf(
  decision: Decision,
  { cedar_decision: cedar, determining, policy_errors: errors }: PastDecision,
): DecidedCode {
  if (decision === 'allow') return 'permitted';
  if (cedar === 'allow') return 'policy_error';
  if (determining.length > 0) return 'forbidden';

  return errors.length > 0 ? 'policy_error' : 'not_permitted';
}
