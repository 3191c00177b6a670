import { describe, expect, test } from 'vitest';
import type { Entity } from '../../services/engine/data/entities.ts';
import type { EvaluationRequest } from '../../services/engine/evaluator.ts';
import { callExtension } from '../../services/engine/extension/call.ts';
import { LIMITS } from '../../services/engine/limits.ts';
import { reachableEntities } from '../../services/engine/reach.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../../services/engine/value/value.ts';
import { weightOf, weightOfEntity } from '../../services/engine/weight.ts';

const LONG = 64 * 1024;

describe('the weight of a value', () => {
  test.each<[string, Value, number]>([
    ['a bool', true, 1],
    ['a long', 7n, 1],
    ['a short text', 'x', 1],
    ['a reference', new EntityUid('User', 'a'), 8],
    ['an extension value', callExtension('decimal', ['1.0']), 10],
    ['a set with its elements', new CedarSet([1n, 2n]), 3],
    ['a record with its fields', new CedarRecord(new Map([['a', 1n]])), 3],
    ['a long text', 'x'.repeat(LONG), 257],
  ])('counts %s', (_name, value, weight) => {
    expect(weightOf(value)).toBe(weight);
  });

  test.each([
    ['that JSON escapes', '\n'],
    ['outside ASCII', 'é'],
  ])('counts characters %s many times', (_name, character) => {
    expect(weightOf(character.repeat(1_000))).toBeGreaterThan(10 * weightOf('x'.repeat(1_000)));
  });

  test('counts what an entity holds, its parents and its tags', () => {
    const bare = entity('a', {});

    expect(weightOfEntity(bare)).toBe(4);
    expect(weightOfEntity(entity('b', { n: 1n }))).toBe(5);
    expect(weightOfEntity({ ...bare, parents: [new EntityUid('Team', 't')] })).toBe(6);
    expect(weightOfEntity({ ...bare, tags: new Map([['t', 'x']]) })).toBe(5);
  });
});

describe('a request', () => {
  test('is refused where its context is too heavy', () => {
    const numbers = (count: number) =>
      new CedarSet(Array.from({ length: count }, (_, index) => BigInt(index)));

    expect(reach(new Map([['n', numbers(LIMITS.evaluation_weight - 10)]]), [])).toEqual([]);
    expect(() => reach(new Map([['n', numbers(LIMITS.evaluation_weight)]]), [])).toThrow(TOO_HEAVY);
  });

  test('is refused where the entities that it reaches are too heavy, also those of the bundle', () => {
    const texts = new CedarSet(Array.from({ length: 100 }, (_, index) => `t${index}`));
    const users = Array.from({ length: 40 }, (_, index) => entity(String(index), { texts }));
    const named = (count: number) =>
      new Map([['users', new CedarSet(users.slice(0, count).map(({ uid }) => uid))]]);

    expect(reach(named(10), users)).toHaveLength(10);
    expect(() => reach(named(40), users)).toThrow(TOO_HEAVY);
  });
});

const TOO_HEAVY = expect.objectContaining({
  code: 'too_large',
  limit: { name: 'evaluation_weight', max: LIMITS.evaluation_weight },
});

function reach(context: ReadonlyMap<string, Value>, known: readonly Entity[]): readonly Entity[] {
  const byKey = new Map(known.map((one) => [one.uid.key, one]));
  const request: EvaluationRequest = {
    principal: new EntityUid('Nobody', ''),
    action: new EntityUid('Action', 'read'),
    resource: new EntityUid('Nobody', ''),
    context: new CedarRecord(context),
    entity: (key) => byKey.get(key),
  };

  return reachableEntities(request, []);
}

function entity(id: string, attributes: Readonly<Record<string, Value>>): Entity {
  return {
    uid: new EntityUid('User', id),
    attributes: new Map(Object.entries(attributes)),
    tags: new Map(),
    parents: [],
    ancestors: new Set(),
  };
}
