import type { Evaluation, EvaluationRequest, Evaluator, PolicyFailure } from '../evaluator.ts';
import { exceedsLimit } from '../limits.ts';
import type { Policy } from '../policy.ts';
import { closureOf } from '../reach.ts';
import type { Schema } from '../schema/schema.ts';
import { createPolicyIndex } from '../slice/policy-index.ts';
import { createSliceLimits } from '../slice/slice-limits.ts';
import { compileShape } from './compile.ts';
import type { Environment, Expression } from './expression.ts';
import { FAILED, failureReason } from './failure.ts';
import { type Constant, constantsOf } from './literals.ts';
import { startMeter } from './meter.ts';

/** Compiled policies, by position. What an evaluation reads of each lies in rows, as in the index. */
interface CompiledPolicies {
  readonly ids: readonly string[];
  readonly conditions: readonly Expression[];
  readonly constants: readonly (readonly Constant[])[];
  /** 1 where a policy permits, 0 where it forbids. */
  readonly permits: Uint8Array;
}

/**
 * Cedar as closures over plain values: the slice by scope, then each condition, then Cedar's rules of authorization
 * (cedar-policy-core, `authorizer.rs`). Equal to Cedar's own evaluator for everything that a checked bundle holds.
 * @throws Error where a policy has a form that Cedar 4.13 does not give.
 */
export function createCompiledEvaluator(schema: Schema, policies: readonly Policy[]): Evaluator {
  return createEvaluatorOf(schema, policies, compileAll(policies));
}

/** The same over conditions that were compiled already, each at the position of its policy. */
export function createEvaluatorOf(
  schema: Schema,
  policies: readonly Policy[],
  conditions: readonly Expression[],
): Evaluator {
  const index = createPolicyIndex(schema, policies);
  const compiled = rowsOf(policies, conditions);
  const limits = createSliceLimits(policies);
  const actionAncestors = new Map(
    [...schema.actions].map(([key, { ancestors }]) => [key, new Set(ancestors.map((group) => group.key))]),
  );

  return {
    name: 'compiled',
    restarts: 0,
    quarantined: [],

    evaluate(request) {
      const positions = index.slice({
        principal: { type: request.principal.type, keys: closureOf(request.principal, request.entity) },
        action: request.action.key,
        resource: { type: request.resource.type, keys: closureOf(request.resource, request.entity) },
      });
      if (positions.length === 0) return NOTHING_MATCHES;
      const exceeded = limits.exceeded(positions);
      if (exceeded !== undefined) throw exceedsLimit(exceeded, 'policies');

      startMeter();

      return decide(compiled, positions, environmentOf(request));
    },
  };

  function environmentOf({ principal, action, resource, context, entity }: EvaluationRequest): Environment {
    const isIn = (key: string, above: string): boolean =>
      key === above || (entity(key)?.ancestors ?? actionAncestors.get(key))?.has(above) === true;

    return { principal, action, resource, context, entity, isIn };
  }
}

const NOTHING_MATCHES: Evaluation = { decision: 'deny', determining: [], errors: [] };

/** Policies of one shape share its closures, which keeps the code that a processor has to hold small. */
function compileAll(policies: readonly Policy[]): readonly Expression[] {
  const shapes = new Map<string, Expression>();

  return policies.map(({ condition: { shape } }) => {
    const condition = shapes.get(shape) ?? compileShape(shape);
    shapes.set(shape, condition);

    return condition;
  });
}

function rowsOf(policies: readonly Policy[], conditions: readonly Expression[]): CompiledPolicies {
  return {
    ids: policies.map(({ id }) => id),
    conditions,
    constants: policies.map(({ condition: { literals } }) => constantsOf(literals)),
    permits: Uint8Array.from(policies, ({ effect }) => (effect === 'permit' ? 1 : 0)),
  };
}

function decide(
  { ids, conditions, constants, permits }: CompiledPolicies,
  positions: readonly number[],
  environment: Environment,
): Evaluation {
  const permitting: string[] = [];
  const forbidding: string[] = [];
  const errors: PolicyFailure[] = [];
  for (const position of positions) {
    const id = ids[position];
    const condition = conditions[position];
    const literals = constants[position];
    // A policy that is passed over might be a forbid.
    if (id === undefined || condition === undefined || literals === undefined) throw new Error(NO_POLICY);
    const holds = condition(environment, literals);
    if (holds === false) continue;
    if (holds === true) (permits[position] === 1 ? permitting : forbidding).push(id);
    else errors.push({ policyId: id, message: holds === FAILED ? failureReason() : NO_BOOL });
  }

  if (errors.length > 1) errors.sort((a, b) => (a.policyId < b.policyId ? -1 : 1));
  if (forbidding.length > 0) return { decision: 'deny', determining: sorted(forbidding), errors };

  return { decision: permitting.length > 0 ? 'allow' : 'deny', determining: sorted(permitting), errors };
}

/** By UTF-16 units. A single one, which is most of them, need not be looked at. */
function sorted(ids: string[]): string[] {
  return ids.length > 1 ? ids.sort() : ids;
}

const NO_BOOL = 'a condition is no Bool';
const NO_POLICY = 'the index names a policy that is not there';
