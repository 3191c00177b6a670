import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callExtension } from '../../../services/engine/extension/call.ts';
import { canonicalOf } from '../../../services/engine/value/canonical.ts';
import { equal } from '../../../services/engine/value/equal.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../../../services/engine/value/value.ts';
import { values } from './arbitrary-value.ts';

const ip = (text: string): Value => callExtension('ip', [text]);
const decimal = (text: string): Value => callExtension('decimal', [text]);
const duration = (text: string): Value => callExtension('duration', [text]);
const set = (...elements: Value[]): CedarSet => new CedarSet(elements);
const record = (fields: Readonly<Record<string, Value>>): CedarRecord =>
  new CedarRecord(new Map(Object.entries(fields)));
const entity = (type: string, id: string): EntityUid => new EntityUid(type, id);

describe('two values', () => {
  test.each<[Value, Value]>([
    [set(1n, 2n, 2n), set(2n, 1n)],
    [set(set(1n, 2n), set(2n, 1n)), set(set(1n, 2n))],
    [set(record({ a: 1n, b: 2n })), set(record({ b: 2n, a: 1n }))],
    [set(decimal('1.0'), decimal('1.00')), set(decimal('1.000'))],
    [ip('1.2.3.4'), ip('1.2.3.4/32')],
    [ip('::1'), ip('0:0:0:0:0:0:0:1')],
    [duration('1h'), duration('60m')],
    [decimal('-0.0'), decimal('0.0')],
    [record({ a: set(), '': 'x' }), record({ '': 'x', a: set() })],
    [entity('U', 'a'), entity('U', 'a')],
  ])('%o and %o are equal', (left, right) => {
    expect(equal(left, right)).toBe(true);
    expect(canonicalOf(left)).toBe(canonicalOf(right));
  });

  test.each<[Value, Value]>([
    [1n, '1'],
    [1n, true],
    ['true', true],
    [set(), record({})],
    [set(1n), set('1')],
    [ip('1.2.3.4'), '1.2.3.4'],
    [ip('::ffff:0102:0304'), ip('1.2.3.4')],
    [ip('10.0.0.1/8'), ip('10.0.0.0/8')],
    [ip('127.0.0.1/24'), ip('127.0.0.1')],
    [callExtension('datetime', ['1970-01-01']), duration('0ms')],
    [decimal('1.0'), 1n],
    ['é', 'e\u0301'],
    [entity('U', 'A'), entity('U', 'a')],
    [entity('u', 'a'), entity('U', 'a')],
    [entity('U', 'a'), entity('N::U', 'a')],
    [entity('U', 'a::"b'), entity('U', 'a')],
    [record({ a: 1n }), record({ a: 1n, b: 1n })],
    [record({ a: 1n }), record({ b: 1n })],
    [set(set(1n)), set(1n)],
  ])('%o and %o differ', (left, right) => {
    expect(equal(left, right)).toBe(false);
    expect(canonicalOf(left)).not.toBe(canonicalOf(right));
  });
});

describe('canonical text', () => {
  test('is what the RFC 8785 implementation makes of the tagged array', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(canonicalOf(value)).toBe(canonicalize(tagged(value)));
      }),
    );
  });

  test('is equal exactly for equal values', () => {
    fc.assert(
      fc.property(values, values, (left, right) => {
        expect(canonicalOf(left) === canonicalOf(right)).toBe(equal(left, right));
      }),
    );
  });

  test('does not depend on the order of elements and fields, nor on repeats', () => {
    fc.assert(
      fc.property(fc.array(values), fc.dictionary(fc.string(), values), (elements, fields) => {
        expect(set(...elements, ...elements.toReversed()).canonical()).toBe(set(...elements).canonical());
        const turned = Object.fromEntries(Object.entries(fields).reverse());
        expect(record(turned).canonical()).toBe(record(fields).canonical());
      }),
    );
  });

  test('orders by UTF-16 units, where a character beyond the first plane comes before U+E000', () => {
    expect(set('\ue000', '😀').canonical()).toBe('["S",[["s","😀"],["s","\ue000"]]]');
    expect(record({ '\ue000': 1n, '😀': 2n }).canonical()).toBe('["R",{"😀":["l","2"],"\ue000":["l","1"]}]');
  });
});

/** The tagged array of the design, for an implementation that knows nothing of ours but sets' elements and fields. */
function tagged(value: Value): unknown {
  if (typeof value === 'boolean') return ['b', value];
  if (typeof value === 'bigint') return ['l', value.toString()];
  if (typeof value === 'string') return ['s', value];
  if (value instanceof EntityUid) return ['e', value.type, value.id];
  if (value instanceof CedarRecord) {
    return ['R', Object.fromEntries([...value.fields].map(([name, field]) => [name, tagged(field)]))];
  }
  if (!(value instanceof CedarSet)) return ['x', value.type, value.text()];
  const elements = value.elements.map((element) => ({
    element: tagged(element),
    text: canonicalize(tagged(element)) ?? '',
  }));

  return ['S', elements.sort((a, b) => (a.text < b.text ? -1 : 1)).map(({ element }) => element)];
}
