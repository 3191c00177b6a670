import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CompiledBundle, compileBundle } from '../../../services/bundles/compile.ts';
import { decideByBundle } from '../../../services/bundles/decide.ts';
import { openBundle } from '../../../services/bundles/open.ts';
import { readStored } from '../../../services/bundles/stored/read-stored.ts';
import { type StoredEntities, storedEntities } from '../../../services/bundles/stored/stored-entities.ts';
import { closeHierarchy } from '../../../services/engine/data/hierarchy.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { parseTrustedJson } from '../../../services/engine/raw/json.ts';
import { storeBundle } from './store-bundle.ts';

const bundle = await compiled();

async function compiled(): Promise<CompiledBundle> {
  const { parts } = openBundle(storeBundle());
  if (parts === undefined) throw new Error('the bundle cannot be read');

  return compileBundle(parts);
}

function team(id: string, ...parents: readonly (readonly [type: string, id: string])[]): object {
  return { uid: { type: 'Team', id }, attrs: {}, parents: parents.map(([type, of]) => ({ type, id: of })) };
}

function read(entity: object) {
  return readStored(bundle, parseTrustedJson(JSON.stringify(entity)));
}

function holding(...entities: readonly object[]): StoredEntities {
  const held = new Map(entities.map(read).map((entity) => [entity.uid.key, entity]));

  return storedEntities((key) => held.get(key), bundle);
}

function chain(length: number): readonly object[] {
  return Array.from({ length }, (_, at) => team(`t${at}`, ['Team', `t${at + 1}`]));
}

describe('what a store holds', () => {
  test('stands below everything above it, in the store and in the bundle, and below what is nowhere', () => {
    const stored = holding(
      team('a', ['Team', 'b'], ['Team', 'nowhere']),
      team('b', ['Team', 'c']),
      team('c', ['Org', 'evil']),
    );

    expect([...(stored.entity('Team::"a"')?.ancestors ?? [])].sort()).toEqual([
      'Org::"evil"',
      'Team::"b"',
      'Team::"c"',
      'Team::"nowhere"',
    ]);
    expect(stored.entity('Team::"nowhere"')).toBeUndefined();
    expect(stored.entity('Org::"evil"')).toBeUndefined();
  });

  test('stands below the same, whatever was asked for first, as where all of it is closed at once', () => {
    const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 });
    const order = fc.shuffledSubarray([...Array(10).keys()], { minLength: 10 });

    fc.assert(
      fc.property(edges, fc.subarray([...Array(10).keys()]), order, (pairs, present, asked) => {
        const upwards = (id: number): number[] =>
          [
            ...new Set(
              pairs.flatMap(([from, to]) => (Math.min(from, to) === id ? [Math.max(from, to)] : [])),
            ),
          ].filter((above) => above !== id);
        const teams = present.map((id) =>
          team(
            String(id),
            ...upwards(id).map((above) => ['Team', String(above)] as const),
            ...(id % 3 === 0 ? ([['Org', 'evil']] as const) : []),
          ),
        );
        const nodes = new Map(
          teams.map(read).map(({ uid, parents }) => [uid.key, { uid, parents, field: uid.key }]),
        );
        const whole = closeHierarchy(nodes, { entity_ancestors: 100, parent_chain: 32 });
        const stored = holding(...teams);

        for (const id of asked) {
          const key = `Team::"${id}"`;
          expect(stored.entity(key)?.ancestors).toEqual(whole.get(key)?.ancestors);
        }
      }),
    );
  });

  test('gives the same entity each time', () => {
    const stored = holding(team('a', ['Team', 'b']));

    expect(stored.entity('Team::"a"')).toBe(stored.entity('Team::"a"'));
  });

  test('refuses an entity that stands below itself', () => {
    const stored = holding(team('a', ['Team', 'b']), team('b', ['Team', 'a']), team('c', ['Team', 'a']));

    for (const key of ['Team::"a"', 'Team::"c"']) {
      expect(() => stored.entity(key)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    }
  });

  test('refuses what stands higher, or below more, than the limits', () => {
    expect(holding(...chain(LIMITS.parent_chain)).entity('Team::"t0"')?.ancestors.size).toBe(
      LIMITS.parent_chain,
    );
    expect(() => holding(...chain(LIMITS.parent_chain + 1)).entity('Team::"t0"')).toThrow(
      expect.objectContaining({
        code: 'too_large',
        limit: { name: 'parent_chain', max: LIMITS.parent_chain },
      }),
    );
    const wide = Array.from({ length: LIMITS.entity_ancestors + 1 }, (_, at) => team(`w${at}`));
    const under = (count: number): object =>
      team('x', ...wide.slice(0, count).map((_, at) => ['Team', `w${at}`] as const));
    expect(holding(...wide, under(LIMITS.entity_ancestors)).entity('Team::"x"')?.ancestors.size).toBe(
      LIMITS.entity_ancestors,
    );
    expect(() => holding(...wide, under(LIMITS.entity_ancestors + 1)).entity('Team::"x"')).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    );
  });
});

describe('reading what a store holds', () => {
  test.each([
    ['an entity of the bundle', { ...team('x'), uid: { type: 'Unit', id: 'x' } }, /^entities\[0\]$/],
    ['an entity of the request', { ...team('x'), uid: { type: 'Guests', id: 'x' } }, /^entities\[0\]$/],
    ['an id in another spelling', team('e\u0301'), /^entities\[0\]$/],
    ['a parent in another spelling', team('x', ['Team', 'e\u0301']), /^entities\[0\]\.parents\[0\]$/],
    ['a parent of the request', team('x', ['Guests', 'all']), /^entities\[0\]\.parents\[0\]$/],
    ['a parent of a type that cannot be one', team('x', ['Doc', 'd']), /^entities\[0\]\.parents\[0\]$/],
    ['an attribute that the schema does not have', { ...team('x'), attrs: { extra: 1 } }, /attrs\.extra$/],
  ])('refuses %s', (_what, entity, field) => {
    expect(() => read(entity)).toThrow(
      expect.objectContaining({ code: 'invalid_request', field: expect.stringMatching(field) }),
    );
  });
});

describe('a decision by a bundle that reads the store', () => {
  const asked = {
    ...{ principal: { type: 'User', id: 'a' }, action: { type: 'Action', id: 'read' } },
    resource: { type: 'Doc', id: 'd' },
    context: parseTrustedJson('{}'),
  };
  const doc = { uid: { type: 'Doc', id: 'd' }, attrs: { public: true }, parents: [] };
  const user = {
    uid: { type: 'User', id: 'a' },
    attrs: { level: 1 },
    parents: [{ type: 'Team', id: 'writers' }],
  };
  const decide = (entities: readonly object[], stored?: StoredEntities) =>
    decideByBundle(
      bundle,
      { ...asked, entities: parseTrustedJson(JSON.stringify(entities)) },
      () => ({}),
      stored === undefined ? {} : { stored },
    );

  test('is by what the store holds', () => {
    const { verdict } = decide([doc], holding(user, team('writers')));
    expect(verdict).toMatchObject({ decision: 'allow' });

    const evil = decide([doc], holding(user, team('writers', ['Org', 'evil'])));
    expect(evil.verdict).toMatchObject({ decision: 'deny', reasonCode: 'forbidden' });
  });

  test('is none where what the store holds is not at hand', () => {
    expect(() => decide([doc])).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  test('is none for a principal that the store does not hold, also where the request brings it', () => {
    expect(() => decide([doc], holding())).toThrow('the store does not know it');
    expect(() => decide([doc, user], holding())).toThrow(
      'entities of type User come from the store; leave them out',
    );
    expect(() => decide([doc, user], holding(user, team('writers')))).toThrow('leave them out');
  });
});
