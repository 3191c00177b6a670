import type { InformedRequest } from '../bundles/inform.ts';
import { requestText } from '../engine/cedar/call-text.ts';
import { PdpError, toPdpError } from '../engine/error.ts';
import { requestDigest } from '../engine/request-digest.ts';
import type { DecisionEntry } from '../ledger/record.ts';
import type { Reservation } from '../ledger/spool/space.ts';
import { admit } from './admit.ts';
import type { DecisionPath, Outcome } from './authorize.ts';
import { glassFor, type OpenGlass } from './break-glass/held.ts';
import type { Judged } from './judge.ts';
import type { DecisionTimes } from './observe/observer.ts';
import { decisionEntry, recordBytes } from './record.ts';
import { recordError } from './record-error.ts';
import { type Selected, select } from './select.ts';
import { explain } from './settle.ts';
import type { Snapshot } from './snapshot.ts';
import type { AuthorizeCall, CallScope, CountedLimit, DecisionReply, ReplyApproval } from './types.ts';
import { uuidv7 } from './uuid.ts';

/** A request that was let in, with the bundle and the state that decide it, at one moment. */
export interface Begun {
  readonly call: AuthorizeCall;
  readonly scope: CallScope;
  readonly store: string;
  readonly selected: Selected;
  /** What stands open for it; `undefined` at most times. */
  readonly glass: OpenGlass | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** On the clock of `performance.now()`. */
  readonly evaluatingAt: number;
}

/** A decision that is final and not recorded yet. */
export interface Deciding {
  readonly selected: Selected;
  readonly reply: DecisionReply;
  readonly entry: DecisionEntry;
  /** The exact request, as it is recorded. */
  readonly input: string;
  readonly times: Omit<DecisionTimes, 'recordedAt'>;
}

/**
 * Admits a call and selects what decides it.
 * @throws PdpError where it is late, not admitted, or nothing can decide it now.
 */
export function begin(path: DecisionPath, snapshot: Snapshot, call: AuthorizeCall, scope: CallScope): Begun {
  refuseLate(scope);
  const store = admit(call, scope.caller);
  path.refuseStale();
  const selected = select(snapshot, store, call);
  const at = path.now();
  const glass = glassFor(snapshot.glasses, store, call, at);

  return { call, scope, store, selected, glass, at, evaluatingAt: performance.now() };
}

/** Puts a verdict into the words of its reply and of its record. */
export function conclude(
  path: DecisionPath,
  { call, scope, store, selected, glass, at, evaluatingAt }: Begun,
  { decided, settled, run }: Judged,
  decisionId = uuidv7(at),
): Deciding {
  const decidedAt = performance.now();
  const { bundle, arm, entities } = selected;
  const { informed } = decided;
  const input = requestText({ ...informed.request, context: informed.context }, informed.entities);
  const reply: DecisionReply = {
    decision: settled.decision,
    decision_id: decisionId,
    request_id: call.request_id,
    request_digest: digestOf({ call, scope, store, selected }, informed),
    replayed: false,
    bundle: bundle.ref,
    state_sequence: entities.held.sequence,
    reason_code: settled.reasonCode,
    message: settled.message,
    obligations: settled.obligations,
    alternatives: settled.alternatives,
    limits: NO_LIMITS,
    retry_after_ms: 0,
    approval: undefined,
    enforcement: settled.enforcement,
    trace_id: scope.trace.trace_id,
    evaluated_at: at,
    explanation: call.detail === 'full' ? explain(bundle, decided) : undefined,
  };
  const { cedarVersion } = path;
  const entry = decisionEntry({
    ...{ call, scope, store, bundle, arm, decided, settled, run, reply, glass },
    cedarVersion,
  });

  return { selected, reply, entry, input, times: { evaluatingAt, decidedAt } };
}

/** What identifies a request: see `requestDigest`. */
export function digestOf(
  { call, scope, store, selected }: Pick<Begun, 'call' | 'scope' | 'store' | 'selected'>,
  { request: { principal, action, resource }, context, entities }: Omit<InformedRequest, 'facts'>,
): string {
  return requestDigest({
    subject: scope.caller.subject,
    store,
    runId: call.run?.run_id ?? '',
    principal,
    action,
    resource,
    context,
    entities,
    bundle: selected.bundle.ref.digest,
  });
}

/** Tells of the approval that a decision waits for or has taken, in its record and in its reply. */
export function withApproval(deciding: Deciding, approval: ReplyApproval | undefined): Deciding {
  if (approval === undefined) return deciding;
  const { reply, entry } = deciding;
  const { approval_id, status } = approval;

  return {
    ...deciding,
    reply: { ...reply, approval },
    entry: { ...entry, approval: { approval_id, status } },
  };
}

/**
 * Tells of the limits of a decision, in its record and in its reply.
 * @param countedAt when they had counted it, where they did.
 */
export function withLimits(
  deciding: Deciding,
  limits: readonly CountedLimit[],
  countedAt?: number,
): Deciding {
  if (limits.length === 0) return deciding;
  const { reply, entry, times } = deciding;

  return {
    ...deciding,
    reply: tellsMore(deciding) ? { ...reply, limits } : reply,
    entry: { ...entry, limits: limits.map(({ name, amount, used, max }) => ({ name, amount, used, max })) },
    times: countedAt === undefined ? times : { ...times, countedAt },
  };
}

/** Tells a denied caller when to ask again. @param retryAfterMs 0: never. */
export function withRetry(deciding: Deciding, retryAfterMs: number): Deciding {
  if (retryAfterMs === 0 || !tellsMore(deciding)) return deciding;

  return { ...deciding, reply: { ...deciding.reply, retry_after_ms: retryAfterMs } };
}

/** Whoever is told the code of a deny alone is not told either how far others are. */
function tellsMore({ selected, reply }: Deciding): boolean {
  return reply.decision === 'allow' || selected.bundle.disclosure === 'guidance';
}

/** @throws PdpError `unavailable` where the decision log has no room. */
export function reserve(path: DecisionPath, { entry, input }: Deciding): Reservation {
  return path.ledger.reserve(recordBytes(entry, input));
}

/**
 * Records a decision.
 * @param settled told the outcome once the record is as durable as configured.
 * @param recorded told before, with an error where there is no record.
 */
export function commit(
  path: DecisionPath,
  { selected, reply, entry, input, times }: Deciding,
  space: Reservation,
  { call: whole, scope }: Pick<Begun, 'call' | 'scope'>,
  settled: (outcome: Outcome) => void,
  recorded?: (error: PdpError | undefined) => void,
): void {
  const call = withoutData(whole);
  path.ledger.appendThen(entry, input, space, (error) => {
    recorded?.(error);
    settled(error === undefined ? finish() : fail(path, call, scope, error));
  });

  function finish(): Outcome {
    try {
      path.observer.decided(entry, scope, { ...times, recordedAt: performance.now() });
      path.verifier.sample(entry, input, selected.entities);
      if (selected.staged !== undefined) path.trials.decided(selected, entry, input);
      refuseLate(scope);

      return reply;
    } catch (thrown) {
      return fail(path, call, scope, thrown);
    }
  }
}

/** The error of a call that could not be decided, once it has left its small record. */
export function fail(path: DecisionPath, call: AuthorizeCall, scope: CallScope, thrown: unknown): PdpError {
  const error = toPdpError(thrown);
  recordError(path, call, scope, error);

  return error;
}

/** A caller that stopped waiting treats the call as not allowed, so nothing else may be said of it. */
export function refuseLate({ deadline, signal }: CallScope): void {
  if (signal.aborted) throw new PdpError('unavailable', 'the call was cancelled');
  if (performance.now() > deadline) throw new PdpError('unavailable', 'the deadline of the call has passed');
}

const NO_LIMITS: readonly CountedLimit[] = [];

/** Kept until the record is written, so without what is long. */
function withoutData(call: AuthorizeCall): AuthorizeCall {
  return { ...call, context: null, entities: [] };
}
