import type { Entity } from '../data/entities.ts';
import { PdpError } from '../error.ts';
import type { EvaluationRequest, Evaluator } from '../evaluator.ts';
import { exceedsLimit } from '../limits.ts';
import type { Policy } from '../policy.ts';
import { closureOf, reachableEntities } from '../reach.ts';
import type { Schema } from '../schema/schema.ts';
import { createPolicyIndex } from '../slice/policy-index.ts';
import { createSliceLimits } from '../slice/slice-limits.ts';
import type { EntityUid } from '../value/value.ts';
import { checkWork } from '../work.ts';
import { readAnswer } from './answer.ts';
import { CedarTrap } from './instance.ts';
import { createCedarSession } from './session.ts';
import { evaluationOf } from './whole-set.ts';

/** Traps that a policy may be part of before it is looked at alone. */
const MAX_STRIKES = 3;

export interface CedarEvaluator extends Evaluator {
  /** Makes the first call, which compiles wasm functions and blocks for up to 30 ms, before the bundle serves. */
  warmUp(): void;
}

/** Cedar's own evaluator over slices of the bundle. */
export function createCedarEvaluator(
  schemaText: string,
  schema: Schema,
  policies: readonly Policy[],
): CedarEvaluator {
  const index = createPolicyIndex(schema, policies);
  const limits = createSliceLimits(policies);
  const strikes = new Map<Policy, number>();
  const quarantined = new Set<Policy>();
  let session = createCedarSession(schemaText);
  let restarts = 0;

  return {
    name: 'cedar-wasm',
    get restarts() {
      return restarts;
    },
    get quarantined() {
      return [...quarantined].map(({ id }) => id);
    },

    warmUp() {
      session.warmUp();
    },

    evaluate(request) {
      const positions = select(request);
      if (positions.length === 0) return { decision: 'deny', determining: [], errors: [] };

      const selected = positions.flatMap((position) => policies[position] ?? []);
      const exceeded = limits.exceeded(positions);
      if (exceeded !== undefined) throw exceedsLimit(exceeded, 'policies');
      if (selected.some((policy) => quarantined.has(policy))) {
        throw new PdpError('unavailable', 'a policy that this request needs is quarantined');
      }

      const literals = selected.flatMap((policy) => policy.literals);
      const entities = reachableEntities(request, literals);
      checkWork(selected, request.context, entities);

      try {
        const answer = readAnswer(session.authorize(request, entities, positions.join(), selected));
        for (const policy of strikes.size > 0 ? selected : []) strikes.delete(policy);

        return evaluationOf(answer);
      } catch (thrown) {
        if (thrown instanceof CedarTrap) replaceAfterTrap(request, entities, selected);
        throw new PdpError('internal', 'this request could not be evaluated', { cause: thrown });
      }
    },
  };

  function select(request: EvaluationRequest): readonly number[] {
    return index.slice({
      principal: subjectOf(request.principal, request),
      action: request.action.key,
      resource: subjectOf(request.resource, request),
    });
  }

  function replaceAfterTrap(
    request: EvaluationRequest,
    entities: readonly Entity[],
    selected: readonly Policy[],
  ): void {
    session = createCedarSession(schemaText);
    restarts += 1;
    let struck = false;
    for (const policy of selected) {
      const count = (strikes.get(policy) ?? 0) + 1;
      strikes.set(policy, count);
      struck ||= count >= MAX_STRIKES;
    }
    if (!struck) return;

    for (const policy of selected) strikes.delete(policy);
    const culprit = findTrapping(selected, request, entities);
    if (culprit !== undefined) quarantined.add(culprit);
  }

  /** Bisects in throw-away instances; a request that traps without any policy accuses none. */
  function findTrapping(
    suspects: readonly Policy[],
    request: EvaluationRequest,
    entities: readonly Entity[],
  ): Policy | undefined {
    if (traps([], request, entities)) return undefined;
    let rest = suspects;
    while (rest.length > 1) {
      const half = rest.slice(0, rest.length >> 1);
      rest = traps(half, request, entities) ? half : rest.slice(rest.length >> 1);
    }

    return rest.length === 1 && traps(rest, request, entities) ? rest[0] : undefined;
  }

  function traps(some: readonly Policy[], request: EvaluationRequest, entities: readonly Entity[]): boolean {
    try {
      createCedarSession(schemaText).authorize(request, entities, 'suspects', some);
    } catch (thrown) {
      return thrown instanceof CedarTrap;
    }

    return false;
  }
}

function subjectOf(uid: EntityUid, request: EvaluationRequest): { type: string; keys: readonly string[] } {
  return { type: uid.type, keys: closureOf(uid, request.entity) };
}
