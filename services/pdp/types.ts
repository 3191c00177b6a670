import type { ApprovalStatus } from '../engine/approval.ts';
import type { PdpError } from '../engine/error.ts';
import type { Obligation } from '../engine/obligation.ts';
import type { RawNode, RawUid, TypedEntityInput } from '../engine/raw/raw.ts';
import type { TypeConstraint } from '../engine/residual/constrain.ts';
import type { Role } from '../store/credentials.ts';
import type { CallNotes } from '../telemetry/call-span.ts';
import type { TraceContext } from '../telemetry/trace-context.ts';
import type { CallSignal } from './call-signal.ts';
import type { OutcomeCall, OutcomeReply } from './outcomes/types.ts';
import type { ClientCertificate } from './tls/client-certificate.ts';
import type { RateLimit } from './token-bucket.ts';

export type { CallNotes, RawUid, TraceContext, TypedEntityInput };

/** One agent execution and the tool call within it. It correlates; an action may depend on a run that was started. Empty string: absent. */
export interface Run {
  readonly run_id: string;
  readonly parent_run_id: string;
  readonly step: bigint;
  readonly tool_call_id: string;
  readonly conversation_id: string;
  readonly agent_id: string;
  readonly tool_name: string;
}

export type Mode = 'enforce' | 'check';
export type Detail = 'basic' | 'full';
export type Transport = 'grpc' | 'rest' | 'in_process';

/** One Authorize message as a transport decoded it. Everything in it is the caller's word. Empty string: absent. */
export interface AuthorizeCall {
  readonly principal: RawUid;
  readonly action: RawUid;
  readonly resource: RawUid;
  /** A RawObject (Cedar JSON) or a TypedRecord; absent is an empty record. */
  readonly context: RawNode;
  /** A JSON array of Cedar entities, or typed entities; absent is an empty list. */
  readonly entities: RawNode | readonly TypedEntityInput[];
  readonly policy_store: string;
  readonly request_id: string;
  readonly idempotency_key: string;
  readonly run: Run | null;
  readonly mode: Mode;
  readonly detail: Detail;
  readonly expected_bundle_digest: string;
  readonly at_least_sequence: bigint;
  readonly approval_id: string;
  readonly supported_obligations: readonly string[];
}

/** Who is calling, as the PDP knows it; made from a credential, never from the request. */
export interface Caller {
  /** The credential's stable name; `anonymous` for a loopback call without one. */
  readonly subject: string;
  /** Absent for `anonymous`. */
  readonly credential_id: string | undefined;
  readonly roles: readonly (Role | 'anonymous')[];
  readonly stores: readonly string[];
  /** Which principals it may speak for; `undefined`: any. */
  readonly principals: readonly PrincipalRule[] | undefined;
  /** Whether it may ask for `detail: FULL`. */
  readonly full_detail: boolean;
  /** Its own; absent: the server's default. */
  readonly rate_limit?: RateLimit | undefined;
}

/** A principal type, and the ids of it that a credential may assert; no ids: all of the type. */
export interface PrincipalRule {
  readonly type: string;
  readonly ids?: readonly string[] | undefined;
}

/** What surrounds one call besides its message. */
export interface CallScope {
  readonly caller: Caller;
  readonly transport: Transport;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly deadline: number;
  readonly signal: Pick<CallSignal, 'aborted' | 'onAbort'>;
  readonly trace: TraceContext;
  readonly notes: CallNotes;
}

export interface BundleRef {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}

export type Decision = 'allow' | 'deny';

/** The closed set of reason codes for decisions. */
export const REASON_CODES = [
  'permitted',
  'forbidden',
  'not_permitted',
  'policy_error',
  'limit_exceeded',
  'approval_required',
  'approval_invalid',
  'obligation_unsupported',
  'identity_unverified',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export type Enforcement = 'enforced' | 'monitored' | 'check_only';

export interface Explanation {
  readonly determining_policies: readonly {
    readonly policy_id: string;
    readonly effect: 'permit' | 'forbid';
    readonly annotations: Readonly<Record<string, string>>;
  }[];
  readonly errors: readonly { readonly policy_id: string; readonly message: string }[];
  /** What Cedar alone answers. */
  readonly cedar_decision: Decision;
  /** What would be enforced, where it is only monitored. */
  readonly policy_decision: Decision;
}

/** What is used of a limit that counts a decision: after it where it was counted, otherwise before. */
export interface CountedLimit {
  readonly name: string;
  readonly used: bigint;
  readonly max: bigint;
  /** What the decision uses, where it is counted. */
  readonly amount: bigint;
  /** When some of it is free again, in milliseconds since the epoch; absent where nothing is used, or it counts as long as the run. */
  readonly resets_at: number | undefined;
}

/** The question to people that a decision depends on. */
export interface ReplyApproval {
  readonly approval_id: string;
  readonly status: ApprovalStatus;
  /** Until then it is answered and used, in milliseconds since the epoch. */
  readonly expires_at: number;
  /** Where people answer it, as configured; empty: nowhere in particular. */
  readonly url: string;
}

/** One decision, as every transport replies it. */
export interface DecisionReply {
  readonly decision: Decision;
  /** UUIDv7. */
  readonly decision_id: string;
  readonly request_id: string;
  /** `sha256:<64 hex>`. */
  readonly request_digest: string;
  readonly replayed: boolean;
  readonly bundle: BundleRef;
  readonly state_sequence: bigint;
  readonly reason_code: ReasonCode;
  /** For the model that was refused; empty where no policy gives one. */
  readonly message: string;
  /** What an allow obliges its enforcer to; none on a deny. */
  readonly obligations: readonly Obligation[];
  /** What would be allowed instead; none on an allow. */
  readonly alternatives: readonly string[];
  /** Of each limit whose state was looked at, in the order of names. */
  readonly limits: readonly CountedLimit[];
  /** Of a deny: the same request is denied again for as many milliseconds at least. 0: trying again does not help. */
  readonly retry_after_ms: number;
  /** Absent where people have no say in it. */
  readonly approval: ReplyApproval | undefined;
  readonly enforcement: Enforcement;
  readonly trace_id: string;
  /** Milliseconds since the epoch. */
  readonly evaluated_at: number;
  readonly explanation: Explanation | undefined;
}

/** One Constraints message as a transport decoded it. Everything in it is the caller's word. Empty string: absent. */
export interface ConstraintsCall
  extends Pick<
    AuthorizeCall,
    | 'principal'
    | 'entities'
    | 'policy_store'
    | 'request_id'
    | 'run'
    | 'detail'
    | 'expected_bundle_digest'
    | 'at_least_sequence'
  > {
  /** None: all that are for the principal's type. */
  readonly actions: readonly RawUid[];
  /** None: all. */
  readonly resource_types: readonly string[];
}

/** What could be allowed of one action. */
export interface ActionConstraints {
  readonly action: RawUid;
  /** `false`: every request of the principal for it is denied, on whatever resource. */
  readonly possible: boolean;
  readonly resource_types: readonly TypeConstraint[];
}

/** What could be allowed to a principal, as every transport replies it. No decision: nothing in it allows anything. */
export interface ConstraintsReply
  extends Pick<DecisionReply, 'request_id' | 'bundle' | 'state_sequence' | 'trace_id' | 'evaluated_at'> {
  /** `monitored`: the effect of some policies is told, and not enforced, and they make nothing impossible. */
  readonly enforcement: Enforcement;
  readonly actions: readonly ActionConstraints[];
}

/** One StartRun message as a transport decoded it. Everything in it is the caller's word. Empty string: absent. */
export interface StartRunCall extends Pick<AuthorizeCall, 'principal' | 'policy_store' | 'request_id'> {
  readonly parent_run_id: string;
  readonly conversation_id: string;
}

/** The same of one EndRun or GetRun message. */
export interface RunCall extends Pick<AuthorizeCall, 'request_id'> {
  readonly run_id: string;
}

/** A run as every transport tells of it. Times are milliseconds since the epoch, by PostgreSQL's clock. */
export interface RunReply {
  /** UUIDv7. */
  readonly run_id: string;
  readonly principal: RawUid;
  readonly policy_store: string;
  /** Empty: it is a root. */
  readonly parent_run_id: string;
  /** The run itself, where it is a root: what labels and uses by run belong to. */
  readonly root_run_id: string;
  readonly conversation_id: string;
  /** What its tree has taken, sorted. */
  readonly labels: readonly string[];
  /** How many of its calls were allowed and counted. */
  readonly steps: bigint;
  readonly open: boolean;
  readonly started_at: number;
  /** When it ended, or will end by itself. */
  readonly ends_at: number;
  readonly request_id: string;
  readonly trace_id: string;
}

/** One WaitForApproval message as a transport decoded it. Empty string: absent. */
export interface WaitCall {
  readonly approval_id: string;
  readonly policy_store: string;
  /** 0: as long as the limit says. */
  readonly timeout_ms: bigint;
}

/** The decision service behind every transport. */
/** The requests of a batch before they are read. */
export interface Batch {
  readonly size: number;
  /** Reads them, once. One that cannot be read is its error; the list is the caller's to empty. */
  readonly read: () => Promise<(AuthorizeCall | PdpError)[]>;
}

export interface DecisionService {
  /**
   * Names the caller behind a bearer token, a client certificate or neither.
   * @param token the token without `Bearer `; `undefined` where the call brought none.
   * @param loopback whether the connection came to a loopback address.
   * @param certificate of the connection, verified; absent where there is none.
   * @throws PdpError `unauthenticated`.
   */
  authenticate(token: string | undefined, loopback: boolean, certificate?: ClientCertificate): Caller;
  /** @throws PdpError where the call could not be decided; a deny is an answer. */
  authorize(call: AuthorizeCall, scope: CallScope): Promise<DecisionReply>;
  /**
   * Decides in order on one snapshot; an item's error never ends the call.
   * @throws PdpError `overloaded`, `too_large` where it is not even read.
   */
  authorizeBatch(batch: Batch, scope: CallScope): Promise<readonly (DecisionReply | PdpError)[]>;
  /** Tells what could be allowed at all. @throws PdpError where that cannot be told. */
  constraints(call: ConstraintsCall, scope: CallScope): Promise<ConstraintsReply>;
  /** Opens a run, which later calls name. @throws PdpError where it is not opened. */
  startRun(call: StartRunCall, scope: CallScope): Promise<RunReply>;
  /** Ends a run and all that were started in it. @throws PdpError where that is not known. */
  endRun(call: RunCall, scope: CallScope): Promise<RunReply>;
  /** Tells what is known of a run. @throws PdpError where there is no such one. */
  getRun(call: RunCall, scope: CallScope): Promise<RunReply>;
  /** Takes the report of what an allowed call came to. @throws PdpError where it is not taken. */
  reportOutcome(call: OutcomeCall, scope: CallScope): Promise<OutcomeReply>;
  /** Waits for people to answer what this credential asked. @throws PdpError `not_found` where it did not. */
  waitForApproval(call: WaitCall, scope: CallScope): Promise<ReplyApproval>;
}
