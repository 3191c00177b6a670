import type { CompiledBundle } from '../bundles/compile.ts';
import { constrainerOf, planConstraints } from '../bundles/constrain.ts';
import { PdpError } from '../engine/error.ts';
import { exceedsLimit, LIMITS } from '../engine/limits.ts';
import type { PolicyResidual } from '../engine/residual/constrain.ts';
import type { ActionConstrainer, TypeConstraint } from '../engine/residual/constrainer.ts';
import { admit } from './admit.ts';
import { type DecisionPath, refuseLate } from './authorize.ts';
import { type Selected, select } from './select.ts';
import type { Snapshot } from './snapshot.ts';
import { nextTurn } from './turns.ts';
import type { ActionConstraints, CallScope, ConstraintsCall, ConstraintsReply } from './types.ts';

/** How long a call may hold the event loop before it lets other calls in, in milliseconds. */
const SLICE_MS = 5;

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
  const { entities } = selected;
  const stored = bundle.readsStore ? entities.read.get(selected.bundle) : undefined;
  const asked = { ...call, resourceTypes: call.resource_types };
  const { state, actions } = planConstraints(bundle, asked, stored);
  const constrainer = constrainerOf(bundle);
  const text = createTextMeter();
  const answers: ActionConstraints[] = [];
  let work = 0;
  const turns = createTurns(scope);

  for (const { action, resourceTypes } of actions) {
    const about = constrainer.about({ ...state, action: action.uid });
    work += resourceTypes.length * (1 + about.policies);
    if (work > LIMITS.constraints_work) throw exceedsLimit('constraints_work', 'actions');

    const types: ActionConstraints['resource_types'][number][] = [];
    for (const type of resourceTypes) {
      const { possible, residuals } = await judgeInTurns(about, type, turns);
      types.push({
        type,
        possible: possible || isMonitored,
        residuals: call.detail === 'full' ? residuals.map((residual) => text.count(residual())) : undefined,
      });
      await turns.pause();
    }
    const { type, id } = action.uid;
    answers.push({
      action: { type, id },
      possible: types.some(({ possible }) => possible),
      resource_types: types,
    });
    await turns.pause();
  }

  return answers;
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

async function judgeInTurns(
  about: ActionConstrainer,
  resourceType: string,
  turns: Turns,
): Promise<TypeConstraint> {
  const steps = about.constrain(resourceType);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (turns.isOver()) await turns.pause();
  }
}

interface Turns {
  isOver(): boolean;
  /** Lets others in where the turn is over. @throws PdpError `unavailable` for a caller that has stopped waiting. */
  pause(): Promise<void>;
}

function createTurns(scope: CallScope): Turns {
  let ends = performance.now() + SLICE_MS;
  const isOver = (): boolean => performance.now() >= ends;

  return {
    isOver,
    async pause() {
      if (!isOver()) return;
      await nextTurn();
      refuseLate(scope);
      ends = performance.now() + SLICE_MS;
    },
  };
}

function createTextMeter(): { count(residual: PolicyResidual): PolicyResidual } {
  let bytes = 0;

  return {
    count(residual) {
      bytes += residual.policyId.length + residual.resource.length + residual.condition.length;
      if (bytes > LIMITS.constraints_bytes) throw exceedsLimit('constraints_bytes', 'detail');

      return residual;
    },
  };
}
