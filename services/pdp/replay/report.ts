import { LOST_REASONS } from '../../ledger/history.ts';
import type { JsonValue } from '../../ledger/json.ts';
import type { OutcomeKind } from './outcome.ts';

/**
 * Why a record was not decided again, besides what the log itself lacks. `input_unreadable`: its input or facts are none that this
 * version reads; the others are of a verification: `bundle_missing` and `bundle_unloadable` speak of the bundle that decided,
 * `other_evaluator` of an evaluator, or a version of Cedar, that this one does not have.
 */
export const UNREPLAYED_REASONS = [
  ...LOST_REASONS,
  'input_unreadable',
  'bundle_missing',
  'bundle_unloadable',
  'other_evaluator',
] as const;

export type UnreplayedReason = (typeof UNREPLAYED_REASONS)[number];

/** What both kinds of replay tell. */
export interface Counts {
  /** Records of the store in the range. */
  readonly read: number;
  /** Those of them that were decided again. */
  readonly replayed: number;
  readonly unreplayed: Readonly<Record<UnreplayedReason, number>>;
  /** What reading and deciding took, without loading the bundle. */
  readonly elapsed_ms: number;
}

/** What would have been decided by a candidate. */
export interface CandidateReport extends Counts {
  readonly kind: 'candidate';
  readonly bundle: { readonly name: string; readonly version: string; readonly digest: string };
  readonly evaluator: string;
  readonly flips: FlipCounts;
  /** Of those that do not flip: decided for another reason, or by other policies. */
  readonly otherwise_decided: number;
  /** The flips by their causes, most frequent first. */
  readonly groups: readonly FlipGroup[];
  /** Flips of further causes, which were too many to keep. */
  readonly ungrouped: number;
}

/** How many flips there are. One may count under several names; `all` counts each once. */
export interface FlipCounts {
  readonly all: number;
  /** Where a policy fails now, too. */
  readonly allow_to_deny: number;
  /** Where a policy failed, too. */
  readonly deny_to_allow: number;
  readonly to_policy_error: number;
  readonly from_policy_error: number;
  /** The candidate cannot decide it, and a caller would have got an error. */
  readonly to_error: number;
}

export interface FlipGroup {
  readonly from: OutcomeKind;
  readonly to: OutcomeKind;
  /** Why it was decided so. */
  readonly before: Cause;
  /** Why the candidate decides otherwise. */
  readonly after: Cause;
  readonly count: number;
  /** Share of the replayed records, such as `0.25%`. */
  readonly rate: string;
  /** The newest. */
  readonly examples: readonly Example[];
}

export interface Cause {
  /** A reason code; of an error, its code. */
  readonly code: string;
  /** The first of the policies that determined it, or that failed. */
  readonly policies: readonly string[];
  readonly further_policies: number;
  readonly field?: string | undefined;
  readonly message?: string | undefined;
}

/** A record, as far as people may see it; texts are cut where they are long. */
export interface Example {
  readonly decision_id: string;
  readonly time: string;
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly disclosed: Readonly<Record<string, JsonValue>>;
  /** Paths whose values are too long to be shown here. */
  readonly disclosed_elsewhere: readonly string[];
}

/** Whether the log's decisions are the ones that their bundles make. */
export interface VerificationReport extends Counts {
  readonly kind: 'verification';
  readonly differing: number;
  /** The newest of them. */
  readonly differences: readonly Difference[];
}

/** The members of a record that a verification looks at. */
export const VERIFIED_MEMBERS = [
  'decision',
  'reason_code',
  'determining',
  'policy_errors',
  'request_digest',
] as const;

export type VerifiedMember = (typeof VERIFIED_MEMBERS)[number];

export interface Difference {
  readonly record: Example;
  readonly bundle: string;
  /** What differs; empty where nothing could be decided at all. */
  readonly members: readonly {
    readonly member: VerifiedMember;
    readonly recorded: string;
    readonly replayed: string;
  }[];
  readonly error?: { readonly code: string; readonly field?: string; readonly message: string } | undefined;
}

export type ReplayReport = CandidateReport | VerificationReport;
