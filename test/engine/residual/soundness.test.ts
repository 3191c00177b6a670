import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CedarText, createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import { createCompiledEvaluator } from '../../../services/engine/compiled/evaluator.ts';
import { conditionOf, type Est } from '../../../services/engine/compiled/shape.ts';
import { readContext } from '../../../services/engine/data/context.ts';
import { type Entity, readEntities } from '../../../services/engine/data/entities.ts';
import { PdpError } from '../../../services/engine/error.ts';
import type { EvaluationRequest, Evaluator } from '../../../services/engine/evaluator.ts';
import type { Policy } from '../../../services/engine/policy.ts';
import { parseJson } from '../../../services/engine/raw/json.ts';
import type { PolicyResidual } from '../../../services/engine/residual/bearing.ts';
import { constrain, type TypeConstraint } from '../../../services/engine/residual/constrain.ts';
import type { ActionType, Schema } from '../../../services/engine/schema/schema.ts';
import { EntityUid, typeOfKey } from '../../../services/engine/value/value.ts';
import { settleEvaluation } from '../../../services/engine/verdict.ts';
import { readPolicy } from '../../fuzz/engine/judges.ts';
import { randomWorld } from '../../fuzz/engine/world.ts';
import { Random } from '../data/random.ts';
import { idsOf, RandomData } from '../data/random-data.ts';

type Entities = ReadonlyMap<string, Entity>;

/** One principal and action over a random set of policies, of whose state a random part is fixed. */
interface Case {
  readonly random: Random;
  readonly schema: Schema;
  readonly policies: readonly Policy[];
  readonly principal: EntityUid;
  readonly action: ActionType;
  /** What requests bring, where it is not fixed. */
  readonly pool: readonly Entities[];
  readonly fixed: Entities;
  readonly isFixed: (key: string) => boolean;
}

const cedar = createCedarInstance();
const REQUESTS = 8;

test('what is called impossible is denied whatever a request brings, and residuals are what is left of their policies', () => {
  const seen = { impossible: 0, possible: 0, allowed: 0, denied: 0, residuals: 0 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (seed) => {
      const random = new Random(seed);
      const { schema, policies: fuzzed } = randomWorld(random);
      // Few policies: of many, one permits nearly always.
      const policies = fuzzed.slice(0, 1 + random.below(6)).map((policy) => readPolicy(cedar, policy).policy);
      const pool = Array.from({ length: 4 }, () => randomEntities(random, schema));
      for (const action of schema.actions.values()) {
        const [type] = action.principalTypes;
        if (type === undefined) continue;
        const one = randomCase({ random, schema, policies, pool, action }, type);
        for (const resourceType of action.resourceTypes) holds(one, resourceType);
      }
    }),
    { numRuns: 200, seed: 20_261_129 },
  );

  // What is never called impossible, or never could have been allowed, proves nothing.
  expect(seen.impossible).toBeGreaterThan(300);
  expect(seen.possible).toBeGreaterThan(300);
  expect(seen.allowed).toBeGreaterThan(300);
  expect(seen.residuals).toBeGreaterThan(300);

  function holds(one: Case, resourceType: string): void {
    const { possible, residuals = [] } = judged(one, resourceType);
    seen[possible ? 'possible' : 'impossible'] += 1;
    for (const decision of decisions(one, resourceType)) {
      seen[decision === 'allow' ? 'allowed' : 'denied'] += 1;
      if (!possible) expect(decision).toBe('deny');
    }
    seen.residuals += residualsHold(one, resourceType, residuals);
  }
});

function randomCase(
  world: Pick<Case, 'random' | 'schema' | 'policies' | 'pool' | 'action'>,
  type: string,
): Case {
  const { random, schema, pool } = world;
  const loose = new Set([...schema.entityTypes.keys()].filter(() => random.oneIn(2)));
  const principal = new EntityUid(type, random.pick(idsOf(type)));

  return {
    ...world,
    principal,
    fixed: random.pick(pool),
    isFixed: (key) => key === principal.key || !loose.has(typeOfKey(key)),
  };
}

function judged(
  { schema, policies, principal, action, fixed, isFixed }: Case,
  resourceType: string,
): TypeConstraint {
  const entity = (key: string): Entity | undefined => {
    expect(isFixed(key)).toBe(true);

    return fixed.get(key);
  };
  const steps = constrain(policies, {
    state: { schema, principal, entity, isFixed },
    actions: [{ action, resourceTypes: [resourceType] }],
    residuals: true,
  });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const [type] = step.value[0]?.types ?? [];
  if (type === undefined) throw new Error('the type was not judged');

  return type;
}

/** Compares each residual with the policy that it is of, each alone, on requests of the same principal. */
function residualsHold(one: Case, resourceType: string, residuals: readonly PolicyResidual[]): number {
  const { schema, policies } = one;
  const pairs = residuals.map((residual) => {
    const { policyId, condition } = residual;
    const policy = policies.find(({ id }) => id === policyId);
    if (policy === undefined) throw new Error(`a residual of ${policyId}, which is no policy`);
    const left = { ...policy, condition: conditionOf(parsed(condition)) };

    return {
      condition,
      whole: createCompiledEvaluator(schema, [policy]),
      left: createCompiledEvaluator(schema, [left]),
    };
  });
  for (const request of requests(one, resourceType)) {
    for (const { condition, whole, left } of pairs) {
      expect(outcomeOf(left, request), condition).toEqual(outcomeOf(whole, request));
    }
  }

  return pairs.length;
}

function parsed(condition: string): Est {
  const text = `permit(principal, action, resource) when { ${condition} };`;
  const answer = cedar.call('policyToJson', new CedarText(JSON.stringify(text))) as { readonly json?: Est };
  if (answer.json === undefined) throw new Error(`Cedar does not parse ${text}: ${JSON.stringify(answer)}`);

  return answer.json;
}

function outcomeOf(evaluator: Evaluator, request: EvaluationRequest): object {
  const { determining, errors } = evaluator.evaluate(request);

  return { determining, failed: errors.map(({ policyId }) => policyId) };
}

/** As the server decides: an allow of the policies that no failed forbid stands against. */
function* decisions(one: Case, resourceType: string): Generator<'allow' | 'deny'> {
  const { schema, policies } = one;
  const evaluator = createCompiledEvaluator(schema, policies);
  const byId = new Map(policies.map((policy) => [policy.id, policy]));
  for (const request of requests(one, resourceType)) {
    yield settleEvaluation(evaluator.evaluate(request), (id) => byId.get(id)).decision;
  }
}

/** Requests of the principal, with any resource, any context, and anything where the state is not fixed. */
function* requests(one: Case, resourceType: string): Generator<EvaluationRequest> {
  const { random, schema, principal, action, fixed, isFixed, pool } = one;
  for (let index = 0; index < REQUESTS; index += 1) {
    const brought = random.pick(pool);
    const context = new RandomData(random, 0).record(action.context);

    yield {
      principal,
      action: action.uid,
      resource: new EntityUid(resourceType, random.pick(idsOf(resourceType))),
      context: readContext(schema, action, parseJson(context, 'context')),
      entity: (key) => (isFixed(key) ? fixed : brought).get(key),
    };
  }
}

function randomEntities(random: Random, schema: Schema): Entities {
  for (;;) {
    const data = new RandomData(random, 0);
    const text = random.oneIn(5) ? data.entities(schema) : data.hierarchy(schema);
    try {
      const read = readEntities(schema, parseJson(text, 'entities'), { allowActions: true });

      return new Map(read.filter(({ uid }) => !schema.actions.has(uid.key)).map((one) => [one.uid.key, one]));
    } catch (thrown) {
      if (!(thrown instanceof PdpError)) throw thrown;
    }
  }
}
