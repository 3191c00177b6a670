import type { SettledUse } from '../../store/outcomes/outcomes.ts';

export type { SettledUse };

export type OutcomeResult = 'success' | 'failure';

/** One ReportOutcome message as a transport decoded it. Everything in it is the caller's word; absent: it does not say. */
export interface OutcomeCall {
  readonly decision_id: string;
  readonly outcome: OutcomeResult;
  /** What the call really cost, by the names of limits, each in its own unit; not negative. */
  readonly cost: ReadonlyMap<string, bigint>;
  readonly input_tokens: bigint | undefined;
  readonly output_tokens: bigint | undefined;
  readonly duration_ms: bigint | undefined;
  /** `sha256:<64 hex>`; empty: absent. */
  readonly output_digest: string;
}

/** A report that was taken, as every transport replies it. The same report again is answered the same. */
export interface OutcomeReply {
  readonly decision_id: string;
  readonly outcome: OutcomeResult;
  /** What became of each use that had waited for a report, in the order of names. */
  readonly limits: readonly SettledUse[];
}
