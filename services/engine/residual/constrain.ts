import { startMeter } from '../compiled/meter.ts';
import { exceedsLimit, LIMITS } from '../limits.ts';
import type { Policy } from '../policy.ts';
import { closureOf } from '../reach.ts';
import type { ActionType } from '../schema/schema.ts';
import { bearingOf, type PolicyResidual } from './bearing.ts';
import { type PreparedCondition, prepareCondition } from './condition.ts';
import { createActionsLeft, leavesPrincipal } from './heads.ts';
import { createFixedView, type FixedView, type KnownState } from './state.ts';

/** Whose constraints are asked, and of what. */
export interface ConstraintsQuestion {
  readonly state: Omit<KnownState, 'action'>;
  readonly actions: readonly AskedAction[];
  /** Whether residuals are told. */
  readonly residuals: boolean;
}

export interface AskedAction {
  readonly action: ActionType;
  readonly resourceTypes: readonly string[];
}

/** What all requests of the principal for one action have in common, by type of resource. */
export interface ActionConstraint {
  readonly action: ActionType;
  readonly types: readonly TypeConstraint[];
}

export interface TypeConstraint {
  readonly type: string;
  /** `false`: each such request is denied. `true` promises nothing. */
  readonly possible: boolean;
  /** What is left of the policies, where it is possible; absent where they are not told. */
  readonly residuals: readonly PolicyResidual[] | undefined;
}

/**
 * Judges what requests of a principal could be allowed at all, one short step after the other, so that the caller can let others in
 * between. Sound and not complete: what it calls impossible is denied by every request of the principal under the same fixed state;
 * what it calls possible may be denied all the same.
 * @throws PdpError `too_large` over `constraints_work`, `constraints_bytes`, and `evaluation_work`, which each policy has for itself.
 */
export function* constrain(
  policies: readonly Policy[],
  { state, actions, residuals }: ConstraintsQuestion,
): Generator<undefined, readonly ActionConstraint[]> {
  const bearing = yield* policiesByAction(policies, state, actions);
  const prepared = new Map<string, PreparedCondition>();
  const answers: ActionConstraint[] = [];
  let bytes = 0;

  for (const { action, resourceTypes } of actions) {
    const view = createFixedView({ ...state, action: action.uid });
    const types: TypeConstraint[] = [];
    for (const type of resourceTypes) types.push(yield* constrainType(action, type, view));
    answers.push({ action, types });
  }

  return answers;

  function* constrainType(
    { uid, context }: ActionType,
    resourceType: string,
    view: FixedView,
  ): Generator<undefined, TypeConstraint> {
    const request = { schema: state.schema, view, resourceType, context };
    const left: (() => PolicyResidual)[] = [];
    let [permits, denies] = [false, false];
    for (const policy of bearing.get(uid.key) ?? []) {
      startMeter();
      const bears = bearingOf(policy, conditionOf(policy), request);
      permits ||= bears.permits;
      denies ||= bears.denies;
      if (bears.residual !== undefined) left.push(bears.residual);
      yield;
    }

    const possible = permits && !denies;
    if (!residuals) return { type: resourceType, possible, residuals: undefined };

    return { type: resourceType, possible, residuals: possible ? yield* written(left) : [] };
  }

  function* written(
    left: readonly (() => PolicyResidual)[],
  ): Generator<undefined, readonly PolicyResidual[]> {
    const texts: PolicyResidual[] = [];
    for (const write of left) {
      const residual = write();
      bytes += Buffer.byteLength(residual.policyId + residual.resource + residual.condition);
      if (bytes > LIMITS.constraints_bytes) throw exceedsLimit('constraints_bytes', 'actions');
      texts.push(residual);
      yield;
    }

    return texts;
  }

  /** Policies of one shape share it, as they share their closures. */
  function conditionOf({ condition: { shape } }: Policy): PreparedCondition {
    const condition = prepared.get(shape) ?? prepareCondition(shape);
    prepared.set(shape, condition);

    return condition;
  }
}

/** Conditions of so many bytes, as they are compiled, take about 20 µs. */
const UNIT_BYTES = 256;

/** For each action, by key, the policies whose head leaves the principal and it. */
function* policiesByAction(
  policies: readonly Policy[],
  { principal, entity }: ConstraintsQuestion['state'],
  actions: readonly AskedAction[],
): Generator<undefined, ReadonlyMap<string, readonly Policy[]>> {
  const subject = { type: principal.type, keys: closureOf(principal, entity) };
  // One that is asked for may have no resources for this principal, and then nothing bears on it.
  const applicable = actions.filter(({ resourceTypes }) => resourceTypes.length > 0);
  const actionsLeft = createActionsLeft(applicable.map(({ action }) => action));
  const typesOf = new Map(applicable.map(({ action, resourceTypes }) => [action, resourceTypes.length]));
  const bearing = new Map<string, Policy[]>();
  let work = 0;
  const spend = (units: number): void => {
    work += units;
    if (work > LIMITS.constraints_work) throw exceedsLimit('constraints_work', 'actions');
  };

  for (const types of typesOf.values()) spend(types);
  for (const policy of policies) {
    yield;
    if (!leavesPrincipal(policy, subject)) continue;
    const weight = 1 + Math.floor(policy.condition.shape.length / UNIT_BYTES);
    for (const action of actionsLeft(policy)) {
      spend(weight * (typesOf.get(action) ?? 0));
      const { key } = action.uid;
      const known = bearing.get(key);
      if (known === undefined) bearing.set(key, [policy]);
      else known.push(policy);
    }
  }

  return bearing;
}
