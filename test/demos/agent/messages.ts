/** What an agent's runtime is started with. */
export interface AgentSetting {
  /** Of gRPC, one for each replica. */
  readonly addresses: readonly string[];
  readonly token: string;
  /** Where it leaves what it did. */
  readonly folder: string;
}

/** One call of the service `palisade.v1.AuthorizationService`. */
export interface AgentCall {
  readonly id: number;
  readonly method: string;
  /** In the words of the contract. */
  readonly message: JsonMembers;
}

export type JsonMembers = Readonly<Record<string, unknown>>;

/** How a call ended: with a reply, or with a status that says that nothing was decided. */
export interface Ended {
  readonly id: number;
  /** Which replica was asked, by its place. */
  readonly replica: number;
  readonly reply?: Reply;
  /** Such as `INVALID_ARGUMENT: context.pdp is not the caller's`. */
  readonly error?: string;
}

/** The members of a reply that a demo looks at, as proto-loader gives them; a message of another method has others. */
export interface Reply {
  readonly decision?: 'ALLOW' | 'DENY';
  readonly decision_id?: string;
  readonly reason_code?: string;
  readonly message?: string;
  readonly enforcement?: string;
  readonly obligations?: readonly Obligation[];
  readonly alternatives?: readonly string[];
  readonly limits?: readonly LimitState[];
  /** The question to people that stands for the request. */
  readonly approval?: ApprovalState | null;
  /** When trying again may help; a whole number as text, `0` where it does not. */
  readonly retry_after_ms?: string;
  /** Whether it was replied before, under the same key. */
  readonly replayed?: boolean;
  /** Of a run. */
  readonly run_id?: string;
  readonly labels?: readonly string[];
  readonly steps?: string;
}

interface ApprovalState {
  readonly approval_id: string;
  readonly status: string;
}

interface Obligation {
  readonly id: string;
}

export interface LimitState {
  readonly name: string;
  /** Whole numbers as text. */
  readonly used: string;
  readonly max: string;
  /** Of a report: what the limit counts from now on, and what it had counted. */
  readonly charged?: string;
  readonly reserved?: string;
  readonly resets_at: { readonly seconds: string } | null;
}

/** What the runtime did, as it leaves it in its folder. */
export interface Deed {
  readonly call: JsonMembers;
  /** What it had to do besides, and did. */
  readonly obligations: readonly Obligation[];
}
