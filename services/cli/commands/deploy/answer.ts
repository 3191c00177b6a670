/** A deployment as administration tells it; see the OpenAPI document. */
export interface DeploymentAnswer {
  readonly store: string;
  readonly sequence: bigint;
  readonly action: string;
  readonly bundle: { readonly name: string; readonly version: string; readonly digest: string };
  readonly canary?: CanaryAnswer;
  readonly shadow?: { readonly digest: string; readonly since: bigint };
  readonly monitor?: { readonly policies: readonly string[] | null };
  readonly author: string;
  readonly approved_by?: string;
  readonly reason: string;
  readonly created_at: string;
}

export interface CanaryAnswer {
  readonly digest: string;
  readonly percent: bigint;
  readonly by: 'run' | 'principal';
  readonly since: bigint;
  readonly limits: Readonly<Record<string, string | bigint>>;
  readonly frozen?: string;
}

export interface ProposalAnswer {
  readonly id: string;
  readonly kind: string;
  readonly store: string;
  readonly payload: {
    readonly change?: { readonly action: string; readonly digest?: string };
    /** Of a break-glass, as are those below. */
    readonly principal_type?: string;
    readonly principal_id?: string | null;
    readonly actions?: readonly string[] | null;
    readonly ticket?: string;
    readonly minutes?: bigint;
  };
  readonly proposed_by: string;
  readonly reason: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly outcome?: string;
}

/** A change is done, or waits for somebody else. */
export type ChangeAnswer = DeploymentAnswer | { readonly proposal: ProposalAnswer };

export interface FiguresAnswer {
  readonly served: bigint;
  readonly failed: bigint;
  readonly compared: bigint;
  readonly flips: bigint;
  readonly errors: bigint;
  readonly dropped: bigint;
  readonly flip_rate?: string;
  readonly error_rate?: string;
  readonly p99_ms?: string;
  readonly active_p99_ms?: string;
}

export interface StatusAnswer {
  readonly store: string;
  readonly two_person: boolean;
  readonly active?: DeploymentAnswer;
  readonly figures?: { readonly canary?: FiguresAnswer; readonly shadow?: FiguresAnswer };
  readonly serving: { readonly sequence: bigint; readonly digest?: string; readonly evaluator?: string };
  /** Processes that were heard lately. */
  readonly replicas: readonly ReplicaAnswer[];
  /** Whether one of them does not serve the deployment. */
  readonly skew: boolean;
  readonly evaluator_overridden_at?: string;
  readonly history: readonly DeploymentAnswer[];
}

export interface ReplicaAnswer {
  readonly process_id: string;
  readonly boot_id: string;
  readonly sequence: bigint;
  readonly digest?: string;
  readonly state: string;
  readonly problem?: string;
  readonly age_ms: bigint;
  readonly silent_ms: bigint;
}
