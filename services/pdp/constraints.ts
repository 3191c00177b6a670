import type { CompiledBundle } from '../bundles/compile.ts';
import { informConstraints } from '../bundles/constrain.ts';
import { PdpError } from '../engine/error.ts';
import { constrain } from '../engine/residual/constrain.ts';
import { admit } from './admit.ts';
import type { DecisionPath } from './authorize.ts';
import { refuseLate } from './deciding.ts';
import { type Selected, select } from './select.ts';
import type { Snapshot } from './snapshot.ts';
import { nextTurn } from './turns.ts';
import type { ActionConstraints, CallScope, ConstraintsCall, ConstraintsReply } from './types.ts';

/** How long a call may hold the event loop before it lets other calls in, in milliseconds. */
const TURN_MS = 5;

/**
 * Tells which actions could be allowed at all to a principal, by one snapshot. Selected, admitted and informed as a decision is; it is
 * none, leaves no record, and nothing in it may be acted on as an allow.
 * @throws PdpError as `authorize`; `too_large` over `constraints_work` and `constraints_bytes`.
 */
export async function constraints(
  path: Pick<DecisionPath, 'now' | 'refuseStale' | 'isFallback'>,
  snapshot: Snapshot,
  call: ConstraintsCall,
  scope: CallScope,
): Promise<ConstraintsReply> {
  refuseLate(scope);
  const store = admit(call, scope.caller);
  path.refuseStale();
  const selected = select(snapshot, store, call);
  const { bundle, entities } = selected;
  // What is closed is judged by the compiled evaluator, which Cedar was found to differ from.
  if (path.isFallback(bundle)) {
    throw new PdpError(
      'unavailable',
      'this bundle is judged by Cedar alone, which does not tell constraints',
    );
  }

  return {
    request_id: call.request_id,
    bundle: bundle.ref,
    state_sequence: entities.held.sequence,
    enforcement: selected.staged?.monitoring === undefined ? 'enforced' : 'monitored',
    trace_id: scope.trace.trace_id,
    evaluated_at: path.now(),
    actions: await judgeAll(selected, call, scope),
  };
}

async function judgeAll(
  selected: Selected,
  call: ConstraintsCall,
  scope: CallScope,
): Promise<readonly ActionConstraints[]> {
  const { bundle, isMonitored } = enforcedBy(selected);
  const stored = bundle.readsStore ? selected.entities.read.get(selected.bundle) : undefined;
  const question = informConstraints(bundle, { ...call, resourceTypes: call.resource_types }, stored);
  const steps = constrain([...bundle.policies.values()], { ...question, residuals: call.detail === 'full' });
  const judged = await inTurns(steps, scope);

  return judged.map(({ action: { uid }, types }) => {
    const resource_types = types.map((one) => ({ ...one, possible: one.possible || isMonitored }));

    return {
      action: { type: uid.type, id: uid.id },
      possible: resource_types.some(({ possible }) => possible),
      resource_types,
    };
  });
}

/**
 * The bundle by which an allow must be one. Where policies are only monitored, each allow that is enforced is one of the bundle without
 * them as well (see `monitored`); where all are, each deny of theirs may become an allow.
 */
function enforcedBy({ bundle, staged }: Selected): {
  readonly bundle: CompiledBundle;
  readonly isMonitored: boolean;
} {
  const monitoring = staged?.monitoring;
  if (monitoring === undefined) return { bundle, isMonitored: false };
  if (monitoring.policies === undefined) return { bundle, isMonitored: true };

  return { bundle: monitoring.without.get(bundle) ?? bundle, isMonitored: false };
}

/** Takes the steps, and lets others in between whenever a turn is used up. @throws PdpError `unavailable` where nobody waits any more. */
async function inTurns<Result>(steps: Generator<undefined, Result>, scope: CallScope): Promise<Result> {
  let turnEnds = performance.now() + TURN_MS;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < turnEnds) continue;

    await nextTurn();
    refuseLate(scope);
    turnEnds = performance.now() + TURN_MS;
  }
}
