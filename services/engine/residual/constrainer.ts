import { startMeter } from '../compiled/meter.ts';
import type { Policy, Scope } from '../policy.ts';
import { closureOf } from '../reach.ts';
import type { Schema } from '../schema/schema.ts';
import { createPolicyIndex } from '../slice/policy-index.ts';
import { type PreparedCondition, prepareCondition } from './condition.ts';
import { bearingOf, type PolicyResidual } from './constrain.ts';
import { createFixedView, type KnownState } from './state.ts';

/** What all requests of one principal for one action on resources of one type have in common. */
export interface TypeConstraint {
  /** `false`: each of them is denied. `true` promises nothing. */
  readonly possible: boolean;
  /** Written when they are asked for. Those of an impossible type are not told. */
  readonly residuals: readonly (() => PolicyResidual)[];
}

/** One principal and one action, under all that is fixed while resource and context are not. */
export interface ActionConstrainer {
  /** How many policies bear on it. */
  readonly policies: number;
  /**
   * Judges them for one type of resource, one policy a step, so that the caller can let others in between.
   * @throws PdpError `too_large` over `evaluation_work`, which each policy has for itself.
   */
  constrain(resourceType: string): Generator<undefined, TypeConstraint>;
}

/** Judges what requests could be allowed at all, for one set of policies. */
export interface Constrainer {
  about(state: KnownState): ActionConstrainer;
}

/**
 * Sound and not complete: what it calls impossible is denied by every request of the same principal under the same fixed state; what
 * it calls possible may be denied all the same.
 */
export function createConstrainer(schema: Schema, policies: readonly Policy[]): Constrainer {
  const index = createPolicyIndex(schema, policies.map(anyResource));
  const prepared = new Map<string, PreparedCondition>();

  return {
    about(state) {
      const { principal, action } = state;
      const view = createFixedView(state);
      const keys = view.attempt(({ entity }) => closureOf(principal, entity));
      if (keys === undefined) throw new Error('the principal is not fixed');
      const positions = index.slice({
        principal: { type: principal.type, keys },
        action: action.key,
        resource: NOBODY,
      });
      const context = schema.actions.get(action.key)?.context;
      if (context === undefined) throw new Error('the schema has no such action');

      return {
        policies: positions.length,
        *constrain(resourceType) {
          const residuals: (() => PolicyResidual)[] = [];
          let [permits, denies] = [false, false];
          for (const position of positions) {
            const policy = policies[position];
            // A policy that is passed over might be the permit.
            if (policy === undefined) throw new Error('the index names a policy that is not there');
            startMeter();
            const bearing = bearingOf(policy, conditionOf(policy), { schema, view, resourceType, context });
            permits ||= bearing.permits;
            denies ||= bearing.denies;
            if (bearing.residual !== undefined) residuals.push(bearing.residual);
            yield;
          }
          const possible = permits && !denies;

          return { possible, residuals: possible ? residuals : [] };
        },
      };
    },
  };

  /** Policies of one shape share it, as they share their closures. */
  function conditionOf({ condition: { shape } }: Policy): PreparedCondition {
    const condition = prepared.get(shape) ?? prepareCondition(shape);
    prepared.set(shape, condition);

    return condition;
  }
}

const ANY_RESOURCE: Pick<Scope, 'resource'> = { resource: { op: 'all' } };
const NOBODY = { type: '', keys: [] };

function anyResource(policy: Policy): Policy {
  return { ...policy, scope: { ...policy.scope, ...ANY_RESOURCE } };
}
