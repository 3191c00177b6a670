import { describe, expect, test } from 'vitest';
import { CedarText, createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import {
  createCompiledEvaluator,
  createEvaluatorInSteps,
} from '../../../services/engine/compiled/evaluator.ts';
import { conditionOf, type Est } from '../../../services/engine/compiled/shape.ts';
import type { Evaluation, Evaluator } from '../../../services/engine/evaluator.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import type { Policy } from '../../../services/engine/policy.ts';
import { readSchema } from '../../../services/engine/schema/read.ts';
import { readScope } from '../../../services/engine/slice/scope.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../../../services/engine/value/value.ts';

const cedar = createCedarInstance();
const SCHEMA = `
entity User tags String;
entity Doc;
action read appliesTo { principal: User, resource: Doc, context: { a: Set<Long>, b: Set<Long>, text: String } };
`;
const schema = readSchema(
  (cedar.call('schemaToJsonWithResolvedTypes', SCHEMA) as { readonly json: unknown }).json,
);

/** One policy whose condition is this expression so many times over, none of which ends it. */
function evaluatorOf(expression: string, times: number): Evaluator {
  const clauses = Array.from({ length: times }, () => `when { ${expression} || true }`).join(' ');
  const text = `permit(principal, action == Action::"read", resource) ${clauses};`;
  const answer = cedar.call('policyToJson', new CedarText(JSON.stringify(text)));
  const est = (answer as { readonly json: Est }).json;

  return createCompiledEvaluator(schema, [
    {
      id: 'p',
      effect: 'permit',
      annotations: {},
      scope: readScope(est),
      literals: [],
      work: [],
      condition: conditionOf(est),
      source: { kind: 'static', text },
    },
  ]);
}

function judge(evaluator: Evaluator, fields: Readonly<Record<string, Value>>): string {
  return evaluate(evaluator, fields).decision;
}

function evaluate(evaluator: Evaluator, fields: Readonly<Record<string, Value>>): Evaluation {
  return evaluator.evaluate({
    principal: new EntityUid('User', 'u'),
    action: new EntityUid('Action', 'read'),
    resource: new EntityUid('Doc', 'd'),
    context: new CedarRecord(new Map(Object.entries(fields))),
    entity: () => undefined,
  });
}

const longs = (count: number, from: number): CedarSet =>
  new CedarSet(Array.from({ length: count }, (_, index) => BigInt(from + index)));
const TOO_MUCH = expect.objectContaining({
  code: 'too_large',
  limit: { name: 'evaluation_work', max: LIMITS.evaluation_work },
});

describe('work that grows with the data of a request', () => {
  test.each([
    ['context.a == context.b', 1_000],
    ['context.a.containsAll(context.b)', 1_000],
    ['context.b.containsAny(context.a)', 1_000],
    ['[context.a].contains(context.b)', 2_000],
  ])('%s ends a request that does too much of it', (expression, count) => {
    const evaluator = evaluatorOf(expression, 250);
    const text = 'x';

    expect(judge(evaluator, { a: longs(8, 0), b: longs(8, 0), text })).toBe('allow');
    expect(() => judge(evaluator, { a: longs(count, 0), b: longs(count, 0), text })).toThrow(TOO_MUCH);
    // Counted anew for each request.
    expect(judge(evaluator, { a: longs(8, 0), b: longs(8, 0), text })).toBe('allow');
  });

  test('a pattern is matched in time that grows with the text and not with its wildcards', () => {
    const pattern = `${'*a'.repeat(1_000)}b`;
    const evaluator = evaluatorOf(`context.text like "${pattern}"`, 10);
    const fields = { a: longs(0, 0), b: longs(0, 0), text: 'a'.repeat(60_000) };
    const before = process.cpuUsage();

    expect(judge(evaluator, fields)).toBe('allow');
    // A backtracking match would not end in this century.
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
  });
});

test('what a policy failed for does not repeat what the request holds', () => {
  const { errors } = evaluate(evaluatorOf('principal.getTag(context.text) == "x"', 1), {
    a: longs(0, 0),
    b: longs(0, 0),
    text: 'a-secret',
  });

  expect(errors).toEqual([{ policyId: 'p', message: 'there is no such tag' }]);
});

test('an evaluator made in steps, while others work, answers as one that is made at once', async () => {
  const count = 3_500;
  const policies = Array.from({ length: count }, (_, at): Policy => {
    // Neither by position nor by hash in the order of ids.
    const id = `p${(at * 1_009) % count}`;

    return {
      id,
      effect: at % 5 === 0 ? 'forbid' : 'permit',
      annotations: {},
      scope: {
        principal: at % 3 === 0 ? { op: 'all' } : { op: '==', uid: { type: 'User', id: `u${at % 700}` } },
        action: { op: 'all' },
        resource: { op: '==', uid: { type: 'Doc', id: `d${at % 90}` } },
      },
      literals: [],
      work: [],
      condition: { shape: '[]', literals: [] },
      source: { kind: 'static', text: '' },
    };
  });
  let rests = 0;
  const inSteps = await createEvaluatorInSteps(schema, policies, async () => {
    rests += 1;
    await new Promise(setImmediate);
  });
  const atOnce = createCompiledEvaluator(schema, policies);
  const answers = Array.from({ length: 200 }, (_, at) => ({
    principal: new EntityUid('User', `u${(at * 13) % 800}`),
    action: new EntityUid('Action', 'read'),
    resource: new EntityUid('Doc', `d${at % 100}`),
    context: new CedarRecord(new Map()),
    entity: () => undefined,
  })).map((request) => [inSteps.evaluate(request), atOnce.evaluate(request)] as const);

  expect(rests).toBeGreaterThan(20);
  expect(new Set(answers.map(([{ determining }]) => determining.length)).size).toBeGreaterThan(3);
  for (const [one, other] of answers) expect(one).toEqual(other);
  for (const [{ determining }] of answers) expect(determining).toEqual(determining.toSorted());
});
