import type { CompiledBundle } from '../bundles/compile.ts';
import { requestText } from '../engine/cedar/call-text.ts';
import { PdpError, toPdpError } from '../engine/error.ts';
import { requestDigest } from '../engine/request-digest.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { DecisionEntry } from '../ledger/record.ts';
import type { Reservation } from '../ledger/spool/space.ts';
import { admit } from './admit.ts';
import { judge } from './judge.ts';
import type { DecisionTimes, Observer } from './observe/observer.ts';
import { decisionEntry, recordBytes } from './record.ts';
import { recordError } from './record-error.ts';
import { type Selected, select } from './select.ts';
import { explain } from './settle.ts';
import type { Snapshot } from './snapshot.ts';
import type { ThreadShare } from './thread-share.ts';
import type { Trials } from './trial/trials.ts';
import type { AuthorizeCall, CallScope, DecisionReply } from './types.ts';
import { uuidv7 } from './uuid.ts';
import type { Verifier } from './verify/verifier.ts';

export interface DecisionPath {
  readonly ledger: Ledger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Throws PdpError `unavailable` once the policy state is older than decisions may be made by. */
  readonly refuseStale: () => void;
  /** Whether Cedar judges a bundle although this process is configured for the compiled evaluator. */
  readonly isFallback: (bundle: CompiledBundle) => boolean;
  /** How much of this thread all such bundles may take together. */
  readonly fallback: ThreadShare;
  /** Version of Cedar that evaluates, for the record. */
  readonly cedarVersion: string;
  readonly observer: Observer;
  /** May have decisions judged again, once they are recorded. */
  readonly verifier: Pick<Verifier, 'sample'>;
  /** Holds candidates against the active bundle, where a store has any. */
  readonly trials: Pick<Trials, 'decided' | 'failed'>;
}

/** The outcome of one request: its decision, or why there is none. */
export type Outcome = DecisionReply | PdpError;

/**
 * The decision path: one request walks straight through. Everything up to the record is synchronous, so a request sees one
 * snapshot and one bundle. A request that could not be decided leaves a small record.
 * @param settled told the outcome once the record is as durable as configured, later or at once; must not throw.
 */
export function authorize(
  path: DecisionPath,
  snapshot: Snapshot,
  call: AuthorizeCall,
  scope: CallScope,
  settled: (outcome: Outcome) => void,
): void {
  try {
    commit(path, decide(path, snapshot, call, scope), withoutData(call), scope, settled);
  } catch (thrown) {
    settled(fail(path, call, scope, thrown));
  }
}

/** @param call without what is long, since it is kept until the record is written. */
function commit(
  path: DecisionPath,
  { selected, reply, entry, input, times, space }: Deciding,
  call: AuthorizeCall,
  scope: CallScope,
  settled: (outcome: Outcome) => void,
): void {
  path.ledger.appendThen(entry, input, space, (error) => {
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

function fail(path: DecisionPath, call: AuthorizeCall, scope: CallScope, thrown: unknown): PdpError {
  const error = toPdpError(thrown);
  recordError(path, call, scope, error);

  return error;
}

function withoutData(call: AuthorizeCall): AuthorizeCall {
  return { ...call, context: null, entities: [] };
}

interface Deciding {
  readonly selected: Selected;
  readonly reply: DecisionReply;
  readonly entry: DecisionEntry;
  /** The exact request, as it is recorded. */
  readonly input: string;
  readonly times: Omit<DecisionTimes, 'recordedAt'>;
  readonly space: Reservation;
}

function decide(path: DecisionPath, snapshot: Snapshot, call: AuthorizeCall, scope: CallScope): Deciding {
  refuseLate(scope);
  const store = admit(call, scope.caller);
  path.refuseStale();
  const selected = select(snapshot, store, call);
  const { bundle, arm, entities } = selected;

  const at = path.now();
  const evaluatingAt = performance.now();
  const { decided, settled } = judge(path, selected, store, call, at);
  const decidedAt = performance.now();
  const { informed } = decided;
  const input = requestText({ ...informed.request, context: informed.context }, informed.entities);
  const reply: DecisionReply = {
    decision: settled.decision,
    decision_id: uuidv7(at),
    request_id: call.request_id,
    request_digest: requestDigest({
      subject: scope.caller.subject,
      store,
      runId: call.run?.run_id ?? '',
      principal: informed.request.principal,
      action: informed.request.action,
      resource: informed.request.resource,
      context: informed.context,
      entities: informed.entities,
      bundle: bundle.ref.digest,
    }),
    replayed: false,
    bundle: bundle.ref,
    state_sequence: entities.held.sequence,
    reason_code: settled.reasonCode,
    message: settled.message,
    obligations: settled.obligations,
    alternatives: settled.alternatives,
    enforcement: settled.enforcement,
    trace_id: scope.trace.trace_id,
    evaluated_at: at,
    explanation: call.detail === 'full' ? explain(bundle, decided) : undefined,
  };
  const entry = decisionEntry({
    call,
    scope,
    store,
    bundle,
    arm,
    decided,
    settled,
    reply,
    cedarVersion: path.cedarVersion,
  });
  const space = path.ledger.reserve(recordBytes(entry, input));

  return { selected, reply, entry, input, times: { evaluatingAt, decidedAt }, space };
}

/** A caller that stopped waiting treats the call as not allowed, so nothing else may be said of it. */
export function refuseLate({ deadline, signal }: CallScope): void {
  if (signal.aborted) throw new PdpError('unavailable', 'the call was cancelled');
  if (performance.now() > deadline) throw new PdpError('unavailable', 'the deadline of the call has passed');
}
