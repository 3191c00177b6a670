import { describe, expect, test } from 'vitest';
import { readContext } from '../../../services/engine/data/context.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { parseJson } from '../../../services/engine/raw/json.ts';
import {
  type RawNode,
  RawObject,
  TypedEntity,
  TypedExtension,
  TypedRecord,
  TypedSet,
} from '../../../services/engine/raw/raw.ts';
import { writeValue } from '../../../services/engine/value/cedar-json.ts';
import { actionOf, schemaOf } from './schemas.ts';

const schema = schemaOf(`
  entity User, Doc;
  entity Color enum ["red"];
  type Escape = { type?: String, id?: String, fn?: String, arg?: String };
  action act appliesTo { principal: User, resource: Doc, context: {
    b?: Bool, n?: Long, s?: String, u?: User, c?: Color, a?: Action,
    ip?: ipaddr, dec?: decimal, at?: datetime, age?: duration,
    ns?: Set<Long>, ips?: Set<ipaddr>, nested?: { must: Long, may?: Set<Set<Long>> },
    "__entity"?: Escape, "__extn"?: Escape, "__expr"?: String, "__proto__"?: Long, "b c"?: Long,
  } };
  action bare appliesTo { principal: User, resource: Doc };`);
const action = actionOf(schema, 'Action::"act"');

const USER = '{"__entity":{"type":"User","id":"a"}}';
const IP = '{"__extn":{"fn":"ip","arg":"1.1.1.1"}}';

/** What a context is read as, written out again; `undefined` where it is refused as invalid. */
function read(raw: RawNode | string): string {
  return writeValue(readContext(schema, action, typeof raw === 'string' ? parseJson(raw, 'context') : raw));
}

describe('a context in Cedar JSON', () => {
  test.each([
    ['{}', '{}'],
    ['{"b":true,"n":-9223372036854775808,"s":"é"}', '{"b":true,"n":-9223372036854775808,"s":"é"}'],
    ['{"__proto__":1,"b c":2}', '{"__proto__":1,"b c":2}'],
    ['{"u":{"type":"User","id":"a"}}', `{"u":${USER}}`],
    ['{"u":{"type":"User","id":"a","more":1.5}}', `{"u":${USER}}`],
    ['{"u":{"__entity":{"type":"User","id":"a"},"type":"Doc","id":"b"}}', `{"u":${USER}}`],
    ['{"u":{"__entity":{"type":"User"},"type":"User","id":"a"}}', `{"u":${USER}}`],
    ['{"u":{"type":"User","id":""}}', '{"u":{"__entity":{"type":"User","id":""}}}'],
    ['{"c":{"type":"Color","id":"red"}}', '{"c":{"__entity":{"type":"Color","id":"red"}}}'],
    ['{"a":{"type":"Action","id":"bare"}}', '{"a":{"__entity":{"type":"Action","id":"bare"}}}'],
    ['{"ip":"1.1.1.1/32"}', `{"ip":${IP}}`],
    ['{"ip":{"fn":"ip","arg":"1.1.1.1"}}', `{"ip":${IP}}`],
    [`{"ip":${IP}}`, `{"ip":${IP}}`],
    ['{"ip":{"__extn":{"fn":"ip","arg":"1.1.1.1"},"fn":"ip","arg":"2.2.2.2"}}', `{"ip":${IP}}`],
    ['{"ip":{"__extn":{"fn":"ip","arg":"1.1.1.1","args":["2.2.2.2"]}}}', `{"ip":${IP}}`],
    ['{"ip":{"__extn":{"fn":1},"fn":"ip","args":["1.1.1.1"]}}', `{"ip":${IP}}`],
    [
      '{"at":{"fn":"offset","args":["1970-01-01","-1ms"]}}',
      '{"at":{"__extn":{"fn":"datetime","arg":"1969-12-31T23:59:59.999Z"}}}',
    ],
    [
      '{"age":{"fn":"toTime","arg":{"fn":"toDate","arg":"2024-10-15"}}}',
      '{"age":{"__extn":{"fn":"duration","arg":"0ms"}}}',
    ],
    ['{"b":{"__extn":{"fn":"isLoopback","arg":{"__extn":{"fn":"ip","arg":"127.0.0.1"}}}}}', '{"b":true}'],
    ['{"n":{"__extn":{"fn":"toMinutes","args":[{"__extn":{"fn":"duration","arg":"1h"}}]}}}', '{"n":60}'],
    ['{"ns":[2,1,2]}', '{"ns":[2,1]}'],
    ['{"ips":["1.1.1.1","1.1.1.1/32"]}', `{"ips":[${IP}]}`],
    ['{"nested":{"must":1,"may":[[1,1],[1],[]]}}', '{"nested":{"must":1,"may":[[1],[]]}}'],
    ['{"__entity":{"type":"User","id":"a"}}', '{"__entity":{"type":"User","id":"a"}}'],
    [
      '{"__extn":{"fn":"ip","arg":"1.1.1.1"},"__expr":"1"}',
      '{"__extn":{"fn":"ip","arg":"1.1.1.1"},"__expr":"1"}',
    ],
  ])('%s is read as %s', (json, written) => {
    expect(read(json)).toBe(written);
  });

  test.each([
    ['null', 'context'],
    ['[]', 'context'],
    ['"x"', 'context'],
    ['{"zz":1}', 'context.zz'],
    ['{"n":null}', 'context.n'],
    ['{"n":1.0}', 'context.n'],
    ['{"n":1e2}', 'context.n'],
    ['{"n":-0}', 'context.n'],
    ['{"n":9223372036854775808}', 'context.n'],
    ['{"n":"1"}', 'context.n'],
    ['{"n":true}', 'context.n'],
    ['{"s":1}', 'context.s'],
    [`{"s":${IP}}`, 'context.s'],
    ['{"b":{"fn":"isLoopback","arg":"127.0.0.1"}}', 'context.b'],
    ['{"b":{"__extn":{"fn":"isLoopback","arg":"127.0.0.1"}}}', 'context.b'],
    [`{"b":{"__extn":{"fn":"isLoopback","arg":${IP}},"more":1}}`, 'context.b'],
    ['{"u":"User::\\"a\\""}', 'context.u'],
    ['{"u":["User","a"]}', 'context.u'],
    ['{"u":{"__entity":["User","a"]}}', 'context.u'],
    ['{"u":{"type":"Doc","id":"a"}}', 'context.u'],
    ['{"u":{"type":" User","id":"a"}}', 'context.u'],
    ['{"u":{"type":"User","id":1}}', 'context.u'],
    ['{"u":{"type":"User","id":"a","__expr":"x"}}', 'context.u'],
    ['{"c":{"type":"Color","id":"blue"}}', 'context.c'],
    ['{"a":{"type":"Action","id":"nope"}}', 'context.a'],
    ['{"ip":"1.1.1"}', 'context.ip'],
    ['{"ip":1}', 'context.ip'],
    ['{"ip":null}', 'context.ip'],
    ['{"ip":{}}', 'context.ip'],
    ['{"ip":{"__extn":{"fn":"ip"}}}', 'context.ip'],
    ['{"ip":{"__extn":{"fn":"decimal","arg":"1.0"}}}', 'context.ip'],
    ['{"ip":{"__extn":{"fn":"nope","arg":"1.0"}}}', 'context.ip'],
    ['{"ip":{"__extn":{"fn":"ip","arg":"1.1.1.1"},"__expr":"1"}}', 'context.ip'],
    ['{"ip":{"fn":"ip","args":["1.1.1.1","1.1.1.1"]}}', 'context.ip'],
    ['{"ip":{"fn":"ip","arg":1.5,"args":["1.1.1.1"]}}', 'context.ip'],
    ['{"at":{"fn":"offset","args":["1970-01-01","1x"]}}', 'context.at.args[1]'],
    ['{"at":{"fn":"offset","args":["1970-01-02","9223372036854775807ms"]}}', 'context.at'],
    ['{"ns":{}}', 'context.ns'],
    ['{"ns":[1,"1"]}', 'context.ns[1]'],
    ['{"nested":{}}', 'context.nested.must'],
    ['{"nested":{"must":1,"zz":1}}', 'context.nested.zz'],
    ['{"nested":{"must":1,"may":[[1],[null]]}}', 'context.nested.may[1][0]'],
    ['{"nested":[]}', 'context.nested'],
  ])('%s is refused', (json, field) => {
    expect(() => read(json)).toThrow(expect.objectContaining({ code: 'invalid_request', field }));
  });

  test.each([
    '{"n":{"__extn":{"fn":"unknown","arg":"x"}}}',
    '{"ip":{"__extn":{"fn":"unknown","arg":"x"}}}',
    '{"ip":{"fn":"unknown","arg":"x"}}',
    '{"u":{"__extn":{"fn":"unknown","arg":"x"},"type":"User","id":"a"}}',
    '{"nested":{"must":{"__extn":{"fn":"unknown","args":["x","y"]}}}}',
    '{"at":{"fn":"toDate","arg":{"__extn":{"fn":"unknown","arg":"x"}}}}',
    '{"__extn":{"fn":"unknown","arg":"x"}}',
  ])('no value is unknown: %s', (json) => {
    expect(() => read(json)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  test('of an action that declares none is empty', () => {
    const bare = actionOf(schema, 'Action::"bare"');

    expect(writeValue(readContext(schema, bare, parseJson('{}', 'context')))).toBe('{}');
    expect(() => readContext(schema, bare, parseJson('{"n":1}', 'context'))).toThrow(
      expect.objectContaining({ code: 'invalid_request', field: 'context.n' }),
    );
  });
});

describe('a typed context', () => {
  const record = (fields: Readonly<Record<string, RawNode>>): TypedRecord =>
    new TypedRecord(new Map(Object.entries(fields)));
  const ip = (text: string): TypedExtension => new TypedExtension('ip', [text]);

  test('means exactly what it says', () => {
    const typed = record({
      n: 1n,
      u: new TypedEntity('User', 'a'),
      ip: ip('1.1.1.1'),
      ips: new TypedSet([ip('1.1.1.1'), ip('1.1.1.1/32')]),
      b: new TypedExtension('isLoopback', [ip('127.0.0.1')]),
      nested: record({ must: 1n }),
    });

    expect(read(typed)).toBe(`{"n":1,"u":${USER},"ip":${IP},"ips":[${IP}],"b":true,"nested":{"must":1}}`);
  });

  test('has records that look like escapes and are none', () => {
    const reference = record({ type: 'User', id: 'a' });

    expect(read(record({ __entity: reference }))).toBe('{"__entity":{"type":"User","id":"a"}}');
    expect(() => read(record({ u: record({ __entity: reference }) }))).toThrow(
      expect.objectContaining({ field: 'context.u' }),
    );
    expect(() => read(record({ __extn: record({ fn: 'unknown', arg: 'x' }) }))).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });

  test.each<[string, RawNode, string]>([
    ['a string for an extension value', record({ ip: '1.1.1.1' }), 'context.ip'],
    [
      'a string argument for a datetime',
      record({ at: new TypedExtension('toDate', ['1970-01-01']) }),
      'context.at',
    ],
    ['a record for a reference', record({ u: record({ type: 'User', id: 'a' }) }), 'context.u'],
    ['a reference for a record', record({ nested: new TypedEntity('User', 'a') }), 'context.nested'],
    ['a JSON array', record({ ns: [1n] }), 'context.ns'],
    ['a JSON object', record({ nested: new RawObject(new Map([['must', 1n]])) }), 'context.nested'],
    ['a typed record in JSON', new RawObject(new Map([['nested', record({ must: 1n })]])), 'context.nested'],
    ['an integer over 64 bits', record({ n: 2n ** 63n }), 'context.n'],
    ['a lone surrogate', record({ s: '\ud800' }), 'context.s'],
    ['U+FFFD', record({ s: '\ufffd' }), 'context.s'],
    [
      'a lone surrogate in an object that is of no text',
      new RawObject(new Map([['s', '\ud800']])),
      'context.s',
    ],
    ['U+FFFD in an object that is of no text', new RawObject(['s', '\ufffd']), 'context.s'],
    ['null', record({ n: null }), 'context.n'],
    ['a missing field', record({ nested: record({}) }), 'context.nested.must'],
    ['a typed set at the top', new TypedSet([]), 'context'],
  ])('refuses %s', (_, raw, field) => {
    expect(() => read(raw)).toThrow(expect.objectContaining({ code: 'invalid_request', field }));
  });

  test('is held to the limits of a JSON context', () => {
    let call: RawNode = new TypedExtension('datetime', ['1970-01-01']);
    for (let depth = 0; depth < 40; depth += 1) call = new TypedExtension('toDate', [call]);
    const numbers = Array.from({ length: LIMITS.set_elements + 1 }, (_, index) => BigInt(index));

    expect(limitOf(record({ at: call }))).toBe('json_depth');
    expect(limitOf(record({ ns: new TypedSet(numbers) }))).toBe('set_elements');
    expect(limitOf(record({ s: 'é'.repeat(LIMITS.string_bytes / 2 + 1) }))).toBe('string_bytes');
  });

  function limitOf(raw: RawNode): unknown {
    try {
      return read(raw);
    } catch (error) {
      expect(error).toMatchObject({ code: 'too_large' });

      return (error as { limit?: { name: string } }).limit?.name;
    }
  }
});

test('a set has no more elements than set_elements', () => {
  const json = `{"ns":[${Array.from({ length: LIMITS.set_elements + 1 }, () => 1).join()}]}`;

  expect(() => read(json)).toThrow(expect.objectContaining({ code: 'too_large', field: 'context.ns' }));
});
