import { describe, expect, test } from 'vitest';
import { createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import { chain } from '../../../services/engine/compiled/compile.ts';
import { createCompiledEvaluator } from '../../../services/engine/compiled/evaluator.ts';
import type { Clause, Est } from '../../../services/engine/compiled/shape.ts';
import type { EvaluationRequest } from '../../../services/engine/evaluator.ts';
import type { Policy } from '../../../services/engine/policy.ts';
import { branchesOf } from '../../../services/engine/traced/branches.ts';
import { createTracedEvaluator } from '../../../services/engine/traced/evaluator.ts';
import { createRecorder, type Outcome, type PolicyTrace } from '../../../services/engine/traced/recorder.ts';
import { createJudges, readPolicy } from '../../fuzz/engine/judges.ts';
import { randomBatches, randomWorld } from '../../fuzz/engine/world.ts';
import { Random } from '../data/random.ts';

const WORLDS = 20;

describe('the traced evaluator, over random policies and requests', () => {
  test('judges as the compiled one, and what it tells adds up to what it judges', () => {
    const seen = { allowed: 0, determining: 0, errors: 0, skipped: 0, arms: 0 };

    for (let seed = 1; seed <= WORLDS; seed += 1) {
      for (const { policies, schema, request } of questions(seed)) {
        const recorder = createRecorder();
        const traced = createTracedEvaluator(schema, policies, recorder);
        const evaluation = traced.evaluate(request);
        const outcomes = recorder.traces.map(({ policy, outcome }) => [policy.id, outcome] as const);

        expect(evaluation).toEqual(createCompiledEvaluator(schema, policies).evaluate(request));
        expect(outcomes.flatMap(([id, { kind }]) => (kind === 'error' ? [id] : [])).sort()).toEqual(
          evaluation.errors.map(({ policyId }) => policyId),
        );
        expect(outcomes.flatMap(([id, outcome]) => (isTrue(outcome) ? [id] : []))).toEqual(
          expect.arrayContaining([...evaluation.determining]),
        );
        for (const trace of recorder.traces) {
          const clauses = traced.clausesOf(trace.policy);
          expectCoherent(clauses, trace);
          for (const branch of branchesOf(clauses)) {
            if (!trace.expressions.has(branch.node)) seen.skipped += 1;
            else if (branch.part === 'then' || branch.part === 'else') seen.arms += 1;
          }
        }
        seen.allowed += evaluation.decision === 'allow' ? 1 : 0;
        seen.determining += evaluation.determining.length;
        seen.errors += evaluation.errors.length;
      }
    }

    // A generator that never came here would prove nothing.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
  });
});

/** The outcome of a policy follows from those of its clauses, and that of each chain from those of its operands. */
function expectCoherent(clauses: readonly Clause[], { outcome, expressions }: PolicyTrace): void {
  let expected: Outcome | undefined = { kind: 'value', value: true };
  for (const { kind, body } of clauses) {
    if (!isTrue(expected)) {
      expect(expressions.has(body)).toBe(false);
      continue;
    }
    expected = heldBy(expressions.get(body), kind === 'when');
  }
  expect({ kind: outcome.kind, held: isTrue(outcome) }).toEqual({
    kind: expected?.kind,
    held: isTrue(expected),
  });

  for (const [node, result] of expressions) {
    const [operator = '', body] = Object.entries(node)[0] ?? [];
    if (operator !== '&&' && operator !== '||') continue;
    const ends = operator === '||';
    let found: Outcome | undefined = { kind: 'value', value: !ends };
    for (const operand of chain(operator, body as Est)) {
      if (found?.kind !== 'value' || found.value === ends) {
        expect(expressions.has(operand)).toBe(false);
        continue;
      }
      found = heldBy(expressions.get(operand), true);
    }
    expect(found?.kind === 'value' ? found : 'error').toEqual(result.kind === 'value' ? result : 'error');
  }
}

/** A Bool, the other one where it is not wanted; anything else fails. */
function heldBy(outcome: Outcome | undefined, wanted: boolean): Outcome {
  if (outcome?.kind !== 'value' || typeof outcome.value !== 'boolean') return { kind: 'error', message: '' };

  return { kind: 'value', value: outcome.value === wanted };
}

function isTrue(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'value' && outcome.value === true;
}

interface Question {
  readonly policies: readonly Policy[];
  readonly schema: ReturnType<typeof randomWorld>['schema'];
  readonly request: EvaluationRequest;
}

function* questions(seed: number): Generator<Question> {
  const cedar = createCedarInstance();
  const random = new Random(seed);
  const world = randomWorld(random);
  const policies = world.policies.map((policy) => readPolicy(cedar, policy).policy);
  const judges = createJudges(cedar, world, policies);
  for (const { entities, requests } of randomBatches(random, world)) {
    const judge = judges.over(entities);
    for (const asked of requests) {
      const { request } = judge(asked);
      if (request !== undefined) yield { policies, schema: world.schema, request };
    }
  }
}
