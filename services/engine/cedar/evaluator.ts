import type { Entity } from '../data/entities.ts';
import { PdpError } from '../error.ts';
import type { Evaluation, EvaluationRequest, Evaluator } from '../evaluator.ts';
import { exceedsLimit, LIMITS } from '../limits.ts';
import type { Policy } from '../policy.ts';
import { closureOf, reachableEntities } from '../reach.ts';
import type { Schema } from '../schema/schema.ts';
import { createPolicyIndex } from '../slice/policy-index.ts';
import type { EntityUid } from '../value/value.ts';
import { type CedarAnswer, readAnswer } from './answer.ts';
import { CedarTrap } from './instance.ts';
import { createCedarSession } from './session.ts';

/**
 * Policies of one preparsed set. Parsing blocks for about 0.1 ms a policy, so larger slices are judged in several sets,
 * which {@link merge} makes one answer of.
 */
const SET_POLICIES = 250;
/** Traps that a policy may be part of before it is looked at alone. */
const MAX_STRIKES = 3;

export interface CedarEvaluator extends Evaluator {
  /** Parses what every request pays for, one blocking step (≤ 30 ms) per turn, before the bundle serves. */
  warmUp(): Iterable<void>;
  /** How many instances trapped and were replaced. */
  readonly restarts: number;
  /** Ids of policies that trapped again and again, alone: no request that needs one is decided. */
  readonly quarantined: readonly string[];
}

/** One part of a slice: the key says which policies, by position. */
interface Part {
  readonly key: string;
  readonly policies: readonly Policy[];
}

/** Cedar's own evaluator over slices of the bundle. */
export function createCedarEvaluator(
  schemaText: string,
  schema: Schema,
  policies: readonly Policy[],
): CedarEvaluator {
  const index = createPolicyIndex(schema, policies);
  const unanchored = new Set(index.unanchored);
  const basis = partsOf(index.unanchored);
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

    *warmUp() {
      session.warmUp();
      yield;
      if (index.unanchored.length <= SET_POLICIES) return;
      for (const part of basis) {
        session.parse(part.key, part.policies);
        yield;
      }
    },

    evaluate(request) {
      const parts = select(request);
      if (parts.length === 0) return { decision: 'deny', determining: [], errors: [] };

      const selected = parts.flatMap((part) => part.policies);
      if (selected.some((policy) => quarantined.has(policy))) {
        throw new PdpError('unavailable', 'a policy that this request needs is quarantined');
      }

      const literals = selected.flatMap((policy) => policy.literals);
      const entities = reachableEntities(request, literals);

      try {
        const answers = parts.map((part) =>
          readAnswer(session.authorize(request, entities, part.key, part.policies)),
        );
        for (const policy of strikes.size > 0 ? selected : []) strikes.delete(policy);

        return merge(answers);
      } catch (thrown) {
        if (thrown instanceof CedarTrap) replaceAfterTrap(request, entities, selected);
        throw new PdpError('internal', 'this request could not be evaluated', { cause: thrown });
      }
    },
  };

  function select(request: EvaluationRequest): readonly Part[] {
    const positions = index.slice({
      principal: subjectOf(request.principal, request),
      action: request.action.key,
      resource: subjectOf(request.resource, request),
    });
    if (positions.length <= SET_POLICIES) return partsOf(positions);

    const anchored = positions.filter((position) => !unanchored.has(position));
    if (anchored.length > LIMITS.slice_policies) throw exceedsLimit('slice_policies', 'policies');

    return [...basis, ...partsOf(anchored)];
  }

  function partsOf(positions: readonly number[]): Part[] {
    const parts: Part[] = [];
    for (let start = 0; start < positions.length; start += SET_POLICIES) {
      const part = positions.slice(start, start + SET_POLICIES);
      parts.push({ key: part.join(), policies: part.flatMap((position) => policies[position] ?? []) });
    }

    return parts;
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

/**
 * One answer over several parts of a set: any satisfied forbid denies, with all of them as the reason; else any satisfied
 * permit allows, with all of them. A part that denied hides its permits, which then do not matter.
 */
function merge(answers: readonly CedarAnswer[]): Evaluation {
  const forbids = answers.flatMap(({ decision, reason }) => (decision === 'deny' ? reason : []));
  const permits = answers.flatMap(({ decision, reason }) => (decision === 'allow' ? reason : []));
  const denied = forbids.length > 0 || permits.length === 0;
  const errors = answers.flatMap((answer) => answer.errors);

  return {
    decision: denied ? 'deny' : 'allow',
    determining: (denied ? forbids : permits).sort(),
    errors: errors.sort((a, b) => (a.policyId < b.policyId ? -1 : 1)),
  };
}
