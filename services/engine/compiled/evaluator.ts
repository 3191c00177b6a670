import type { Evaluation, EvaluationRequest, Evaluator, PolicyFailure } from '../evaluator.ts';
import { exceedsLimit } from '../limits.ts';
import type { Effect, Policy } from '../policy.ts';
import { closureOf, reachableEntities } from '../reach.ts';
import type { Schema } from '../schema/schema.ts';
import { createPolicyIndex } from '../slice/policy-index.ts';
import { exceededBySlice } from '../slice/slice-limits.ts';
import { checkWork } from '../work.ts';
import { compileShape } from './compile.ts';
import type { Environment, Expression } from './expression.ts';
import { FAILED, failureReason } from './failure.ts';
import { type Constant, constantsOf } from './literals.ts';

interface CompiledPolicy {
  readonly id: string;
  readonly effect: Effect;
  readonly condition: Expression;
  readonly constants: readonly Constant[];
}

/**
 * Cedar as closures over plain values: the slice by scope, then each condition, then Cedar's rules of authorization
 * (cedar-policy-core, `authorizer.rs`). Equal to Cedar's own evaluator for everything that a checked bundle holds.
 * @throws Error where a policy has a form that Cedar 4.13 does not give.
 */
export function createCompiledEvaluator(schema: Schema, policies: readonly Policy[]): Evaluator {
  const index = createPolicyIndex(schema, policies);
  const compiled = compileAll(policies);
  const actionAncestors = new Map(
    [...schema.actions].map(([key, { ancestors }]) => [key, new Set(ancestors.map((group) => group.key))]),
  );

  return {
    name: 'compiled',

    evaluate(request) {
      const positions = index.slice({
        principal: { type: request.principal.type, keys: closureOf(request.principal, request.entity) },
        action: request.action.key,
        resource: { type: request.resource.type, keys: closureOf(request.resource, request.entity) },
      });
      if (positions.length === 0) return NOTHING_MATCHES;
      boundWork(policies, positions, request);

      return decide(compiled, positions, {
        ...request,
        isIn: (key, above) =>
          key === above || (request.entity(key)?.ancestors ?? actionAncestors.get(key))?.has(above) === true,
      });
    },
  };
}

const NOTHING_MATCHES: Evaluation = { decision: 'deny', determining: [], errors: [] };

/** Policies of one shape share its closures, which keeps the code that a processor has to hold small. */
function compileAll(policies: readonly Policy[]): readonly CompiledPolicy[] {
  const shapes = new Map<string, Expression>();

  return policies.map(({ id, effect, condition: { shape, literals } }) => {
    const condition = shapes.get(shape) ?? compileShape(shape);
    shapes.set(shape, condition);

    return { id, effect, condition, constants: constantsOf(literals) };
  });
}

/** The same bounds as for Cedar's own evaluator, so that either may stand in for the other. */
function boundWork(
  policies: readonly Policy[],
  positions: readonly number[],
  request: EvaluationRequest,
): void {
  const selected: Policy[] = [];
  let looksAtData = false;
  for (const position of positions) {
    const policy = policies[position];
    if (policy === undefined) continue;
    selected.push(policy);
    looksAtData ||= policy.work.length > 0;
  }
  const exceeded = exceededBySlice(selected);
  if (exceeded !== undefined) throw exceedsLimit(exceeded, 'policies');
  if (!looksAtData) return;

  const entities = reachableEntities(
    request,
    selected.flatMap(({ literals }) => literals),
  );
  checkWork(selected, request.context, entities);
}

function decide(
  policies: readonly CompiledPolicy[],
  positions: readonly number[],
  environment: Environment,
): Evaluation {
  const permits: string[] = [];
  const forbids: string[] = [];
  const errors: PolicyFailure[] = [];
  for (const position of positions) {
    const policy = policies[position];
    if (policy === undefined) continue;
    const holds = policy.condition(environment, policy.constants);
    if (holds === false) continue;
    if (holds === true) (policy.effect === 'permit' ? permits : forbids).push(policy.id);
    else errors.push({ policyId: policy.id, message: holds === FAILED ? failureReason() : NO_BOOL });
  }

  if (errors.length > 1) errors.sort((a, b) => (a.policyId < b.policyId ? -1 : 1));
  if (forbids.length > 0) return { decision: 'deny', determining: forbids.sort(), errors };

  return { decision: permits.length > 0 ? 'allow' : 'deny', determining: permits.sort(), errors };
}

const NO_BOOL = 'a condition is no Bool';
