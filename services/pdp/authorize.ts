import { decideByBundle } from '../bundles/decide.ts';
import { requestText } from '../engine/cedar/call-text.ts';
import { PdpError, toPdpError } from '../engine/error.ts';
import { requestDigest } from '../engine/request-digest.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { DecisionEntry } from '../ledger/record.ts';
import { admit } from './admit.ts';
import { factsAt } from './facts.ts';
import type { DecisionTimes, Observer } from './observe/observer.ts';
import { decisionEntry, recordBytes } from './record.ts';
import { recordError } from './record-error.ts';
import { select } from './select.ts';
import { enforcementOf, explain } from './settle.ts';
import type { Snapshot } from './snapshot.ts';
import type { AuthorizeCall, CallScope, DecisionReply } from './types.ts';
import { uuidv7 } from './uuid.ts';
import type { Verifier } from './verify/verifier.ts';

export interface DecisionPath {
  readonly ledger: Ledger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Throws PdpError `unavailable` once the policy state is older than decisions may be made by. */
  readonly refuseStale: () => void;
  /** Version of Cedar that evaluates, for the record. */
  readonly cedarVersion: string;
  readonly observer: Observer;
  /** May have decisions judged again, once they are recorded. */
  readonly verifier: Pick<Verifier, 'sample'>;
}

/**
 * The decision path: one request walks straight through. Everything up to the record is synchronous, so a request sees one
 * snapshot and one bundle; the promise settles once its record is as durable as configured.
 * @throws PdpError where the request could not be decided; an authenticated one leaves a small record.
 */
export async function authorize(
  path: DecisionPath,
  snapshot: Snapshot,
  call: AuthorizeCall,
  scope: CallScope,
): Promise<DecisionReply> {
  try {
    const { reply, entry, input, times, recorded } = decide(path, snapshot, call, scope);
    await recorded;
    path.observer.decided(entry, scope, { ...times, recordedAt: performance.now() });
    path.verifier.sample(entry, input);
    refuseLate(scope);

    return reply;
  } catch (thrown) {
    const error = toPdpError(thrown);
    recordError(path, call, scope, error);

    throw error;
  }
}

interface Deciding {
  readonly reply: DecisionReply;
  readonly entry: DecisionEntry;
  /** The exact request, as it is recorded. */
  readonly input: string;
  readonly times: Omit<DecisionTimes, 'recordedAt'>;
  readonly recorded: Promise<void>;
}

function decide(path: DecisionPath, snapshot: Snapshot, call: AuthorizeCall, scope: CallScope): Deciding {
  refuseLate(scope);
  const store = admit(call, scope.caller);
  path.refuseStale();
  const { bundle, sequence } = select(snapshot, store, call);

  const at = path.now();
  const evaluatingAt = performance.now();
  const decided = decideByBundle(bundle, call, (names) => factsAt(at, names));
  const decidedAt = performance.now();
  const { informed, verdict } = decided;
  const input = requestText({ ...informed.request, context: informed.context }, informed.entities);
  const reply: DecisionReply = {
    decision: verdict.decision,
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
    state_sequence: sequence,
    reason_code: verdict.reasonCode,
    message: verdict.message,
    enforcement: enforcementOf(call.mode),
    trace_id: scope.trace.trace_id,
    evaluated_at: at,
    explanation: call.detail === 'full' ? explain(bundle, decided) : undefined,
  };
  const entry = decisionEntry({
    call,
    scope,
    store,
    bundle,
    decided,
    reply,
    cedarVersion: path.cedarVersion,
  });
  const space = path.ledger.reserve(recordBytes(entry, input));

  const recorded = path.ledger.append(entry, input, space);

  return { reply, entry, input, times: { evaluatingAt, decidedAt }, recorded };
}

/** A caller that stopped waiting treats the call as not allowed, so nothing else may be said of it. */
function refuseLate({ deadline, signal }: CallScope): void {
  if (signal.aborted) throw new PdpError('unavailable', 'the call was cancelled');
  if (performance.now() > deadline) throw new PdpError('unavailable', 'the deadline of the call has passed');
}
