import { describe, expect, test } from 'vitest';
import { readSchema } from '../../../services/engine/schema/read.ts';
import type { Attribute, CedarType } from '../../../services/engine/schema/schema.ts';
import { actionOf, schemaOf } from '../data/schemas.ts';

const LONG: CedarType = { kind: 'long' };
const required = (type: CedarType): Attribute => ({ type, required: true });

describe('an entity type', () => {
  const schema = schemaOf(`
    type Size = { w: Long, h?: Set<N::Label> };
    entity Folder in [Folder, N::Drive];
    entity Doc in [Folder] { "__proto__": Bool, size: Size, owner?: N::User } tags Set<String>;
    entity Color enum ["red", "blue"];
    namespace N {
      type Label = String;
      entity Drive;
      entity User { at: datetime, ip?: ipaddr, pay: decimal, age: duration, of?: Action };
      action view;
    }`);

  test('has its attributes with common types expanded', () => {
    expect(schema.entityTypes.get('Doc')?.attributes).toEqual(
      new Map([
        ['__proto__', required({ kind: 'bool' })],
        [
          'size',
          required({
            kind: 'record',
            attributes: new Map([
              ['w', required(LONG)],
              ['h', { type: { kind: 'set', element: { kind: 'string' } }, required: false }],
            ]),
          }),
        ],
        ['owner', { type: { kind: 'entity', name: 'N::User' }, required: false }],
      ]),
    );
    expect([...(schema.entityTypes.get('N::User')?.attributes ?? [])]).toEqual([
      ['age', required({ kind: 'extension', name: 'duration' })],
      ['at', required({ kind: 'extension', name: 'datetime' })],
      ['ip', { type: { kind: 'extension', name: 'ipaddr' }, required: false }],
      ['of', { type: { kind: 'entity', name: 'N::Action' }, required: false }],
      ['pay', required({ kind: 'extension', name: 'decimal' })],
    ]);
  });

  test('has the closure of the types above it, and itself only where it may be nested', () => {
    const above = (name: string): string[] => [...(schema.entityTypes.get(name)?.ancestorTypes ?? [])].sort();

    expect(above('Doc')).toEqual(['Folder', 'N::Drive']);
    expect(above('Folder')).toEqual(['Folder', 'N::Drive']);
    expect(above('N::Drive')).toEqual([]);
    expect(schema.entityTypes.get('Doc')?.memberOfTypes).toEqual(new Set(['Folder']));
  });

  test('has tags and ids only where it declares them', () => {
    expect(schema.entityTypes.get('Doc')?.tags).toEqual({ kind: 'set', element: { kind: 'string' } });
    expect(schema.entityTypes.get('Folder')?.tags).toBeUndefined();
    expect(schema.entityTypes.get('Color')?.enumIds).toEqual(new Set(['red', 'blue']));
    expect(schema.entityTypes.get('Doc')?.enumIds).toBeUndefined();
  });
});

test('a declared name wins over a builtin, which stays within reach as __cedar::', () => {
  const schema = schemaOf(
    'type ipaddr = Long; entity Long; entity A { i: ipaddr, j: __cedar::ipaddr, k: __cedar::Long, l: Bool };',
  );
  const types = [...(schema.entityTypes.get('A')?.attributes.values() ?? [])].map(({ type }) => type);

  expect(types).toEqual([
    { kind: 'entity', name: 'Long' },
    { kind: 'extension', name: 'ipaddr' },
    LONG,
    { kind: 'bool' },
  ]);
});

describe('an action', () => {
  const schema = schemaOf(`
    type Context = { n?: Long };
    entity User, Doc;
    action "read it" in [N::Action::"group", "local"] appliesTo { principal: [User], resource: [Doc, User], context: Context };
    action bare appliesTo { principal: User, resource: Doc };
    action local;
    namespace N { action group in [top]; action top; }`);

  test('says to whom and to what it applies, and with which context', () => {
    const action = actionOf(schema, 'Action::"read it"');

    expect(action.principalTypes).toEqual(new Set(['User']));
    expect(action.resourceTypes).toEqual(new Set(['Doc', 'User']));
    expect(action.context).toEqual({
      kind: 'record',
      attributes: new Map([['n', { type: LONG, required: false }]]),
    });
    expect(actionOf(schema, 'Action::"bare"').context.attributes.size).toBe(0);
  });

  test('has the closure of its groups, across namespaces', () => {
    const keys = actionOf(schema, 'Action::"read it"').ancestors.map(({ key }) => key);

    expect(keys.sort()).toEqual(['Action::"local"', 'N::Action::"group"', 'N::Action::"top"']);
  });

  test('that is a group applies to nothing', () => {
    expect(actionOf(schema, 'N::Action::"top"').principalTypes.size).toBe(0);
  });
});

describe('a schema that asks for too much', () => {
  test('is refused for types nested too deep, also through common types', () => {
    const commonTypes = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [
        `T${index}`,
        { type: 'Set', element: { type: `T${index + 1}` } },
      ]),
    );
    const resolved = { '': { commonTypes, entityTypes: { A: { tags: { type: 'T0' } } }, actions: {} } };

    expect(() => readSchema(resolved)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  test('is refused for a hierarchy that takes too long to close', () => {
    const entityTypes = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, index) => [`T${index}`, { memberOfTypes: [`T${index + 1}`] }]),
    );

    expect(() => readSchema({ '': { entityTypes, actions: {} } })).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    );
  });

  test('expands common types once, however often they are named', () => {
    const commonTypes: Record<string, unknown> = { T0: { type: 'Long' } };
    for (let index = 1; index <= 30; index += 1) {
      const half = { type: `T${index - 1}` };
      commonTypes[`T${index}`] = { type: 'Record', attributes: { a: half, b: half, c: half, d: half } };
    }
    const resolved = { '': { commonTypes, entityTypes: { A: { tags: { type: 'T30' } } }, actions: {} } };

    expect(readSchema(resolved).entityTypes.get('A')?.tags?.kind).toBe('record');
  });

  test.each([
    null,
    [],
    'text',
    { '': { entityTypes: [], actions: {} } },
    { '': { entityTypes: { A: { tags: { type: 'Nope' } } } } },
  ])('is an internal error where it is no answer of Cedar: %j', (resolved) => {
    expect(() => readSchema(resolved)).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});
