import type { JsonValue } from '../../ledger/json.ts';

/** A report of the server, integers as bigint; see `ReplayReport` in services/pdp/replay/report.ts. */
export type ReportAnswer = CandidateAnswer | VerificationAnswer;

interface Common {
  readonly store: string;
  /** RFC 3339; null: from the first record on. */
  readonly from: string | null;
  readonly until: string;
  readonly read: bigint;
  readonly replayed: bigint;
  readonly unreplayed: Readonly<Record<string, bigint>>;
  /** Records of the answering process that had not reached PostgreSQL. */
  readonly waiting: bigint;
  readonly elapsed_ms: bigint;
}

export interface CandidateAnswer extends Common {
  readonly kind: 'candidate';
  readonly bundle: { readonly name: string; readonly version: string; readonly digest: string };
  readonly evaluator: string;
  readonly flips: Readonly<Record<FlipName, bigint>>;
  readonly otherwise_decided: bigint;
  readonly groups: readonly GroupAnswer[];
  readonly ungrouped: bigint;
}

export type FlipName =
  | 'all'
  | 'allow_to_deny'
  | 'deny_to_allow'
  | 'to_policy_error'
  | 'from_policy_error'
  | 'to_error';

export interface GroupAnswer {
  readonly from: string;
  readonly to: string;
  readonly before: CauseAnswer;
  readonly after: CauseAnswer;
  readonly count: bigint;
  readonly rate: string;
  readonly examples: readonly ExampleAnswer[];
}

export interface CauseAnswer {
  readonly code: string;
  readonly policies: readonly string[];
  readonly further_policies: bigint;
  readonly field?: string;
  readonly message?: string;
}

export interface ExampleAnswer {
  readonly decision_id: string;
  readonly time: string;
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly disclosed: Readonly<Record<string, JsonValue>>;
  readonly disclosed_elsewhere: readonly string[];
}

export interface VerificationAnswer extends Common {
  readonly kind: 'verification';
  readonly differing: bigint;
  readonly differences: readonly {
    readonly record: ExampleAnswer;
    readonly bundle: string;
    readonly members: readonly {
      readonly member: string;
      readonly recorded: string;
      readonly replayed: string;
    }[];
    readonly error?: { readonly code: string; readonly field?: string; readonly message: string };
  }[];
}

export interface ProgressAnswer {
  readonly read: bigint;
  readonly replayed: bigint;
  readonly total?: bigint;
}
