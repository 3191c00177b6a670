import type { Evaluation, Evaluator, PolicyFailure } from '../evaluator.ts';
import { exceedsLimit, LIMITS } from '../limits.ts';
import type { Policy } from '../policy.ts';
import type { Schema } from '../schema/schema.ts';
import { policyIndexInSteps } from '../slice/policy-index.ts';
import { sliceLimitsInSteps } from '../slice/slice-limits.ts';
import { atOnce, eachInSteps, inSteps, type Steps } from '../steps.ts';
import { compileShape } from './compile.ts';
import { RequestEnvironment } from './environment.ts';
import type { Environment, Expression } from './expression.ts';
import { FAILED, failureReason } from './failure.ts';
import { startMeter } from './meter.ts';
import { COLUMNS, CONDITION, type CompiledPolicies, LITERALS, PERMITS, RANK, rowsInSteps } from './rows.ts';

/**
 * Cedar as closures over plain values: the slice by scope, then each condition, then Cedar's rules of authorization
 * (cedar-policy-core, `authorizer.rs`). Equal to Cedar's own evaluator for everything that a checked bundle holds.
 * @throws Error where a policy has a form that Cedar 4.13 does not give.
 */
export function createCompiledEvaluator(schema: Schema, policies: readonly Policy[]): Evaluator {
  return atOnce(compiledInSteps(schema, policies));
}

/** The same for whoever serves meanwhile. @param rest lets others work between the steps, each of which blocks. */
export function createEvaluatorInSteps(
  schema: Schema,
  policies: readonly Policy[],
  rest: () => Promise<void>,
): Promise<Evaluator> {
  return inSteps(compiledInSteps(schema, policies), rest);
}

/** The same over conditions that were compiled already, each at the position of its policy. */
export function createEvaluatorOf(
  schema: Schema,
  policies: readonly Policy[],
  conditions: readonly Expression[],
): Evaluator {
  return atOnce(evaluatorInSteps(schema, policies, conditions));
}

function* compiledInSteps(schema: Schema, policies: readonly Policy[]): Steps<Evaluator> {
  return yield* evaluatorInSteps(schema, policies, yield* conditionsInSteps(policies));
}

function* evaluatorInSteps(
  schema: Schema,
  policies: readonly Policy[],
  conditions: readonly Expression[],
): Steps<Evaluator> {
  const index = yield* policyIndexInSteps(schema, policies);
  const compiled = yield* rowsInSteps(policies, conditions);
  const limits = yield* sliceLimitsInSteps(policies);
  const actionGroups = new Map(
    [...schema.actions].map(([key, { ancestors }]) => [key, new Set(ancestors.map((group) => group.key))]),
  );

  return {
    name: 'compiled',
    restarts: 0,
    quarantined: [],

    evaluate(request) {
      const environment = new RequestEnvironment(request, compiled.constants, actionGroups);
      const positions = index.slice(environment.scope());
      if (positions.length === 0) return NOTHING_MATCHES;
      const exceeded = limits.exceeded(positions);
      if (exceeded !== undefined) throw exceedsLimit(exceeded, 'policies');

      startMeter();

      return decide(compiled, positions, environment);
    },
  };
}

const NOTHING_MATCHES: Evaluation = { decision: 'deny', determining: [], errors: [] };

/** Policies of one shape share its closures, which keeps the code that a processor has to hold small. */
function* conditionsInSteps(policies: readonly Policy[]): Steps<readonly Expression[]> {
  const shapes = new Map<string, Expression>();
  const conditions: Expression[] = [];
  yield* eachInSteps(policies, ({ condition: { shape } }) => {
    const condition = shapes.get(shape) ?? compileShape(shape);
    shapes.set(shape, condition);
    conditions.push(condition);
  });

  return conditions;
}

function decide(
  { ids, conditions, rows }: CompiledPolicies,
  positions: readonly number[],
  environment: Environment,
): Evaluation {
  const permitting: string[] = [];
  const forbidding: string[] = [];
  const errors: PolicyFailure[] = [];
  for (const position of positions) {
    const row = position * COLUMNS;
    const id = ids[position];
    const condition = conditions[rows[row + CONDITION] ?? NONE];
    const literals = rows[row + LITERALS];
    // A policy that is passed over might be a forbid.
    if (id === undefined || condition === undefined || literals === undefined) throw new Error(NO_POLICY);
    const holds = condition(environment, literals);
    if (holds === false) continue;
    if (holds !== true) errors.push({ policyId: id, message: holds === FAILED ? failureReason() : NO_BOOL });
    else if (rows[row + PERMITS] === 1) insert(permitting, permitRanks, id, rows[row + RANK] ?? NONE);
    else insert(forbidding, forbidRanks, id, rows[row + RANK] ?? NONE);
  }

  if (errors.length > 1) errors.sort((a, b) => (a.policyId < b.policyId ? -1 : 1));
  if (forbidding.length > 0) return { decision: 'deny', determining: forbidding, errors };

  return { decision: permitting.length > 0 ? 'allow' : 'deny', determining: permitting, errors };
}

// Of the slice that is being judged, which is no longer than this. Judging calls nobody, so one of each does for all.
const permitRanks = new Int32Array(LIMITS.slice_policies);
const forbidRanks = new Int32Array(LIMITS.slice_policies);

/** Puts an id where its rank wants it; the texts of ids stay where they are, which for many policies is far away. */
function insert(ids: string[], ranks: Int32Array, id: string, rank: number): void {
  let place = ids.length;
  ids.push(id);
  for (; place > 0; place -= 1) {
    const before = ranks[place - 1] ?? NONE;
    if (before < rank) break;
    ranks[place] = before;
    ids[place] = ids[place - 1] ?? id;
  }
  ranks[place] = rank;
  ids[place] = id;
}

/** No place of a list. */
const NONE = -1;
const NO_BOOL = 'a condition is no Bool';
const NO_POLICY = 'the index names a policy that is not there';
