import { describe, expect, test } from 'vitest';
import type { LoneEntity } from '../../services/engine/data/entity.ts';
import { LIMITS } from '../../services/engine/limits.ts';
import type { Policy, Work } from '../../services/engine/policy.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../../services/engine/value/value.ts';
import { checkWork } from '../../services/engine/work.ts';

const LONG = 'x'.repeat(60_000);
/** More than a text of that length admits, and less than a short one does. */
const HEAVY = Math.ceil(LIMITS.evaluation_work / LONG.length);

describe('the work of a request', () => {
  test('is nothing for policies that look at no data', () => {
    expect(() => checkWork([policy()], context({ path: LONG }), [])).not.toThrow();
  });

  test('is refused where a policy looks at much of a long text', () => {
    const heavy = policy({ attribute: 'path', weight: HEAVY });

    expect(() => checkWork([heavy], context({ path: LONG }), [])).toThrow(TOO_MUCH);
    expect(() => checkWork([heavy], context({ path: 'short', content: LONG }), [])).not.toThrow();
  });

  test('counts all policies of the slice together', () => {
    const half = policy({ attribute: 'path', weight: Math.ceil(HEAVY / 2) });

    expect(() => checkWork([half], context({ path: LONG }), [])).not.toThrow();
    expect(() => checkWork([half, half], context({ path: LONG }), [])).toThrow(TOO_MUCH);
  });

  test('finds an attribute wherever it stands: in records, in sets, in entities, in tags', () => {
    const heavy = [policy({ attribute: 'path', weight: HEAVY })];
    const inner = new CedarRecord(new Map([['path', LONG]]));

    for (const where of [inner, new CedarSet([inner])])
      expect(() => checkWork(heavy, context({ input: where }), [])).toThrow(TOO_MUCH);
    expect(() => checkWork(heavy, context({}), [entity({ path: LONG }, {})])).toThrow(TOO_MUCH);
    expect(() => checkWork(heavy, context({}), [entity({}, { path: LONG })])).toThrow(TOO_MUCH);
  });

  test('takes all data together where nobody knows what a policy looks at', () => {
    const heavy = [policy({ attribute: undefined, weight: HEAVY })];
    const half = LONG.slice(LONG.length / 2);

    expect(() => checkWork(heavy, context({ a: half }), [])).not.toThrow();
    expect(() => checkWork(heavy, context({ a: half }), [entity({ b: half }, {})])).toThrow(TOO_MUCH);
  });
});

const TOO_MUCH = expect.objectContaining({
  code: 'too_large',
  limit: { name: 'evaluation_work', max: LIMITS.evaluation_work },
});

function policy(...work: readonly Work[]): Policy {
  const all = { op: 'all' } as const;

  return {
    id: 'p',
    effect: 'permit',
    annotations: {},
    scope: { principal: all, action: all, resource: all },
    literals: [],
    work,
    condition: { shape: '[]', literals: [] },
    source: { kind: 'static', text: 'permit(principal, action, resource);' },
  };
}

function context(fields: Readonly<Record<string, Value>>): CedarRecord {
  return new CedarRecord(new Map(Object.entries(fields)));
}

function entity(
  attributes: Readonly<Record<string, Value>>,
  tags: Readonly<Record<string, Value>>,
): LoneEntity {
  return {
    uid: new EntityUid('User', 'a'),
    attributes: new Map(Object.entries(attributes)),
    tags: new Map(Object.entries(tags)),
    parents: [],
  };
}
