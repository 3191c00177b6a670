import { expect, test } from 'vitest';
import { createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import { createCompiledEvaluator } from '../../../services/engine/compiled/evaluator.ts';
import { FAILED } from '../../../services/engine/compiled/failure.ts';
import { clausesOf, type Est } from '../../../services/engine/compiled/shape.ts';
import type { EvaluationRequest, Evaluator } from '../../../services/engine/evaluator.ts';
import type { Policy } from '../../../services/engine/policy.ts';
import { branchesOf } from '../../../services/engine/traced/branches.ts';
import { createTracedEvaluator, type Result } from '../../../services/engine/traced/evaluator.ts';
import { createJudges, readPolicy } from '../../fuzz/engine/judges.ts';
import { randomBatches, randomWorld } from '../../fuzz/engine/world.ts';
import { Random } from '../data/random.ts';

/** Both, over the requests of random worlds that are evaluated at all. */
test('judges as the compiled evaluator does, and tells of exactly the policies in the slice', () => {
  const cedar = createCedarInstance();
  const seen = { allow: 0, determining: 0, errors: 0, expressions: 0 };

  for (let seed = 1; seed <= 40; seed += 1) {
    const random = new Random(seed);
    const world = randomWorld(random);
    const policies = world.policies.map((policy) => readPolicy(cedar, policy).policy);
    const told: (readonly [Policy, Result])[] = [];
    const nodes = new Set<Est>();
    const compiled = createCompiledEvaluator(world.schema, policies);
    const traced = createTracedEvaluator(world.schema, policies, {
      expression(node) {
        // Each at most once for a policy; links of one template share their nodes.
        nodes.add(node);
        seen.expressions += 1;
      },
      policy: (policy, result) => told.push([policy, result]),
    });

    for (const request of requestsOf(cedar, world, policies, random)) {
      told.length = 0;
      const wanted = compiled.evaluate(request);

      expect(traced.evaluate(request)).toEqual(wanted);
      expect(told.flatMap(([{ id }, result]) => (result === FAILED ? [id] : [])).sort()).toEqual(
        wanted.errors.map(({ policyId }) => policyId),
      );
      const held = told.filter(([, result]) => result === true).map(([{ id }]) => id);
      expect(held).toEqual(expect.arrayContaining([...wanted.determining]));
      seen.allow += wanted.decision === 'allow' ? 1 : 0;
      seen.determining += wanted.determining.length;
      seen.errors += wanted.errors.length;
    }
    // What coverage asks for is what evaluation tells of.
    for (const policy of policies) {
      for (const { node } of branchesOf(traced.clausesOf(policy))) if (nodes.has(node)) seen.expressions += 1;
    }
  }

  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(50);
});

test('branches of random policies are nodes that evaluation tells of when it reaches them', () => {
  const cedar = createCedarInstance();
  let reached = 0;
  for (let seed = 50; seed <= 60; seed += 1) {
    const world = randomWorld(new Random(seed));
    for (const fuzzed of world.policies) {
      const { policy } = readPolicy(cedar, fuzzed);
      const branches = branchesOf(clausesOf(policy.condition.shape));
      expect(new Set(branches.map(({ node }) => node)).size).toBe(branches.length);
      reached += branches.length;
    }
  }

  expect(reached).toBeGreaterThan(100);
});

type World = ReturnType<typeof randomWorld>;

function* requestsOf(
  cedar: ReturnType<typeof createCedarInstance>,
  world: World,
  policies: readonly Policy[],
  random: Random,
): Generator<EvaluationRequest> {
  const judges = createJudges(cedar, world, policies);
  for (const { entities, requests } of randomBatches(random, world)) {
    const judge = judges.over(entities);
    for (const asked of requests) {
      const { request } = judge(asked);
      if (request !== undefined) yield request;
    }
  }
}

export type { Evaluator };
