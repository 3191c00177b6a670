import { describe, expect, test } from 'vitest';
import {
  type Entity,
  type ReadEntitiesOptions,
  readEntities,
} from '../../../services/engine/data/entities.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { parseTrustedJson } from '../../../services/engine/raw/json.ts';
import { type RawNode, type TypedEntityInput, TypedRecord } from '../../../services/engine/raw/raw.ts';
import { schemaOf } from './schemas.ts';

const schema = schemaOf(`
  entity Org;
  entity Group in [Org, Group];
  entity User in [Group, Color] { level: Long, ip?: ipaddr, ids?: Set<Long> } tags Set<String>;
  entity Color enum ["red", "blue"];
  action a in [b]; action b in [c]; action c;`);

const uid = (type: string, id: string): string => `{"type":"${type}","id":"${id}"}`;
const user = (id: string, more: { attrs?: string; parents?: string[]; tags?: string } = {}): string =>
  `{"uid":${uid('User', id)},"attrs":${more.attrs ?? '{"level":1}'},"parents":[${(more.parents ?? []).join()}]${
    more.tags === undefined ? '' : `,"tags":${more.tags}`
  }}`;
const group = (id: string, ...parents: string[]): string =>
  `{"uid":${uid('Group', id)},"attrs":{},"parents":[${parents.join()}]}`;
const action = (id: string, ...parents: string[]): string =>
  `{"uid":${uid('Action', id)},"attrs":{},"parents":[${parents.map((parent) => uid('Action', parent)).join()}]}`;

function read(items: readonly string[], options?: ReadEntitiesOptions): Entity[] {
  return readEntities(schema, parseTrustedJson(`[${items.join()}]`), options);
}

describe('an entity', () => {
  test('is read with attributes, tags and parents, listed or not', () => {
    const [entity] = read([
      user('a', {
        attrs: '{"level":3,"ids":[1,1]}',
        tags: '{"":["x"]}',
        parents: [uid('Group', 'g'), uid('Org', 'o'), uid('Group', 'g')],
      }),
    ]);

    expect(entity?.uid.key).toBe('User::"a"');
    expect(entity?.attributes.get('level')).toBe(3n);
    expect([...(entity?.tags.keys() ?? [])]).toEqual(['']);
    expect(entity?.parents.map(({ key }) => key)).toEqual(['Group::"g"', 'Org::"o"']);
  });

  test.each([
    ['keys that no entity has', `{"uid":${uid('Org', 'o')},"attrs":{},"parents":[],"more":1.5}`],
    ['an identifier in an escape', `{"uid":{"__entity":${uid('Org', 'o')}},"attrs":{},"parents":[]}`],
    ['no tags where it has none', `{"uid":${uid('Org', 'o')},"attrs":{},"parents":[],"tags":{}}`],
    ['an id that its type lists', `{"uid":${uid('Color', 'red')},"attrs":{},"parents":[]}`],
    ['a parent whose type lists its id', user('a', { parents: [uid('Color', 'blue')] })],
    ['a parent of its own type where the type says so', group('g', uid('Group', 'h'))],
  ])('may have %s', (_, json) => {
    expect(read([json])).toHaveLength(1);
  });

  test.each([
    ['no uid', '{"attrs":{},"parents":[]}', 'entities[0].uid'],
    ['a uid in text', '{"uid":"Org::\\"o\\"","attrs":{},"parents":[]}', 'entities[0].uid'],
    ['a uid as an array', '{"uid":["Org","o"],"attrs":{},"parents":[]}', 'entities[0].uid'],
    ['no attrs', `{"uid":${uid('Org', 'o')},"parents":[]}`, 'entities[0].attrs'],
    ['no parents', `{"uid":${uid('Org', 'o')},"attrs":{}}`, 'entities[0].parents'],
    ['tags that are null', user('a', { tags: 'null' }), 'entities[0].tags'],
    [
      'a type that the schema lacks',
      `{"uid":${uid('Nope', 'o')},"attrs":{},"parents":[]}`,
      'entities[0].uid',
    ],
    [
      'an id that its type does not list',
      `{"uid":${uid('Color', 'green')},"attrs":{},"parents":[]}`,
      'entities[0].uid',
    ],
    ['a missing attribute', user('a', { attrs: '{}' }), 'entities[0].attrs.level'],
    ['an attribute of another type', user('a', { attrs: '{"level":"3"}' }), 'entities[0].attrs.level'],
    [
      'an attribute that it does not declare',
      user('a', { attrs: '{"level":1,"x":1}' }),
      'entities[0].attrs.x',
    ],
    [
      'a wrong text that no policy may ever read',
      user('a', { attrs: '{"level":1,"ip":"1.1.1"}' }),
      'entities[0].attrs.ip',
    ],
    [
      'tags where its type has none',
      `{"uid":${uid('Org', 'o')},"attrs":{},"parents":[],"tags":{"k":1}}`,
      'entities[0].tags.k',
    ],
    ['a tag of another type', user('a', { tags: '{"k":[1]}' }), 'entities[0].tags.k[0]'],
    ['a parent of its own type', user('a', { parents: [uid('User', 'b')] }), 'entities[0].parents[0]'],
    ['a parent below it', group('g', uid('User', 'a')), 'entities[0].parents[0]'],
    ['a parent that is an action', user('a', { parents: [uid('Action', 'c')] }), 'entities[0].parents[0]'],
    [
      'a parent whose type does not list its id',
      user('a', { parents: [uid('Color', 'green')] }),
      'entities[0].parents[0]',
    ],
    ['a parent in text', user('a', { parents: ['"Group::\\"g\\""'] }), 'entities[0].parents[0]'],
  ])('is refused with %s', (_, json, field) => {
    expect(() => read([json])).toThrow(expect.objectContaining({ code: 'invalid_request', field }));
  });

  test.each(['{}', 'null', '"x"', '1'])('is no list in place of %s', (json) => {
    expect(() => readEntities(schema, parseTrustedJson(json))).toThrow(
      expect.objectContaining({ code: 'invalid_request', field: 'entities' }),
    );
    expect(() => read([user('a'), json])).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});

describe('an entity that is listed twice', () => {
  test('counts once if both say the same, in whatever words', () => {
    const parents = [uid('Group', 'g'), uid('Org', 'o')];
    const first = user('a', { attrs: '{"level":1,"ip":"1.1.1.1","ids":[1,2]}', parents });
    const second = user('a', {
      attrs: '{"ids":[2,1,2],"ip":"1.1.1.1/32","level":1}',
      parents: parents.toReversed(),
      tags: '{}',
    });

    expect(read([first, second])).toHaveLength(1);
  });

  test.each([
    ['an attribute', user('a', { attrs: '{"level":2}' })],
    ['the tags', user('a', { tags: '{"k":[]}' })],
    ['a parent', user('a', { parents: [uid('Group', 'g')] })],
  ])('is refused where %s differs', (_, second) => {
    expect(() => read([user('a'), second])).toThrow(
      expect.objectContaining({ code: 'invalid_request', field: 'entities[1]' }),
    );
  });
});

describe('a hierarchy', () => {
  const chain = (length: number): string[] =>
    Array.from({ length }, (_, index) => group(String(index), uid('Group', String(index + 1))));

  test.each([
    ['of one', [group('a', uid('Group', 'a'))]],
    ['of two', [group('a', uid('Group', 'b')), group('b', uid('Group', 'a'))]],
    [
      'below a good part',
      [group('x', uid('Group', 'a')), group('a', uid('Group', 'b')), group('b', uid('Group', 'a'))],
    ],
  ])('has no cycle %s', (_, items) => {
    expect(() => read(items)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  test('may name an entity that would close a cycle, if that entity is not listed', () => {
    expect(read([group('a', uid('Group', 'b'))])).toHaveLength(1);
  });

  test('is no higher than parent_chain, an unlisted top included', () => {
    expect(read(chain(LIMITS.parent_chain))).toHaveLength(LIMITS.parent_chain);
    expect(() => read(chain(LIMITS.parent_chain + 1))).toThrow(
      expect.objectContaining({
        code: 'too_large',
        limit: { name: 'parent_chain', max: LIMITS.parent_chain },
      }),
    );
  });

  test('puts no more than entity_ancestors above an entity, directly or not', () => {
    const groups = (count: number, prefix: string): string[] =>
      Array.from({ length: count }, (_, index) => uid('Group', prefix + index));
    const half = LIMITS.entity_ancestors / 2;
    const below = (direct: number): string[] => [
      user('a', { parents: [uid('Group', 'g'), ...groups(direct, 'x')] }),
      group('g', ...groups(half, 'y')),
    ];

    expect(read(below(half - 1))).toHaveLength(2);
    expect(() => read(below(half))).toThrow(
      expect.objectContaining({
        code: 'too_large',
        field: 'entities[0].parents',
        limit: { name: 'entity_ancestors', max: LIMITS.entity_ancestors },
      }),
    );
  });

  test('of thousands is refused without walking all of it, and read where the caps are lifted', () => {
    const deep = chain(4_000);

    expect(() => read(deep)).toThrow(
      expect.objectContaining({ limit: { name: 'request_entities', max: 100 } }),
    );
    expect(() => read(deep, { maxEntities: 5_000 })).toThrow(expect.objectContaining({ code: 'too_large' }));
    expect(
      read(deep.slice(0, 1_000), { maxEntities: 5_000, maxChain: 5_000, maxAncestors: 5_000 }),
    ).toHaveLength(1_000);
  });
});

describe('an action entity', () => {
  test('is refused from a caller, whatever it says', () => {
    expect(() => read([action('c')])).toThrow(
      expect.objectContaining({ code: 'invalid_request', field: 'entities[0]' }),
    );
  });

  test.each([
    ['alone at the top', [action('c')]],
    ['with all its groups', [action('a', 'b', 'c')]],
    ['with its groups through others', [action('a', 'b'), action('b', 'c')]],
  ])('is checked and left out where it may be listed: %s', (_, items) => {
    expect(read([user('x'), ...items], { allowActions: true }).map(({ uid: { key } }) => key)).toEqual([
      'User::"x"',
    ]);
  });

  test.each([
    ['a part of its groups', [action('a', 'b')]],
    ['a group of its own making', [action('c', 'b')]],
    ['an action that the schema lacks', [action('z')]],
    ['an attribute', [action('c').replace('"attrs":{}', '"attrs":{"x":1}')]],
    ['a tag', [action('c').replace('"parents"', '"tags":{"x":1},"parents"')]],
    ['a parent that is no action', [action('c').replace('"parents":[]', `"parents":[${uid('Group', 'g')}]`)]],
    ['a cycle', [action('b', 'a', 'c'), action('a', 'b', 'c')]],
  ])('is refused with %s', (_, items) => {
    expect(() => read(items, { allowActions: true })).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });
});

describe('typed entities', () => {
  const typed = (change: Partial<TypedEntityInput> = {}): TypedEntityInput => ({
    uid: { type: 'User', id: 'a' },
    attrs: new TypedRecord(new Map([['level', 3n]])),
    parents: [{ type: 'Group', id: 'g' }],
    tags: new TypedRecord(new Map()),
    ...change,
  });

  test('mean what their JSON means', () => {
    const json = user('a', { attrs: '{"level":3}', parents: [uid('Group', 'g')] });

    expect(readEntities(schema, [typed()])).toEqual(read([json]));
  });

  test.each<[string, Partial<TypedEntityInput>, string]>([
    ['attributes in JSON', { attrs: parseTrustedJson('{"level":3}') }, 'entities[0].attrs'],
    [
      'a text for an extension value',
      {
        attrs: new TypedRecord(
          new Map<string, RawNode>([
            ['level', 3n],
            ['ip', '1.1.1.1'],
          ]),
        ),
      },
      'entities[0].attrs.ip',
    ],
    ['an ill-formed id', { uid: { type: 'User', id: '\ud800' } }, 'entities[0].uid'],
    ['an ill-formed parent', { parents: [{ type: 'Group', id: '\ufffd' }] }, 'entities[0].parents[0]'],
    ['tags in JSON', { tags: parseTrustedJson('{}') }, 'entities[0].tags'],
  ])('are refused with %s', (_, change, field) => {
    expect(() => readEntities(schema, [typed(change)])).toThrow(
      expect.objectContaining({ code: 'invalid_request', field }),
    );
  });
});
