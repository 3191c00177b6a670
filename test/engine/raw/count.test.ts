import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../../services/engine/limits.ts';
import { checkCount } from '../../../services/engine/raw/count.ts';
import { parseJson } from '../../../services/engine/raw/json.ts';
import {
  type RawNode,
  RawObject,
  TypedExtension,
  TypedRecord,
  TypedSet,
} from '../../../services/engine/raw/raw.ts';

const MOST = LIMITS.request_values;
const TOO_MANY = expect.objectContaining({
  code: 'too_large',
  limit: { name: 'request_values', max: MOST },
});

/** A tree of so many values: sets of up to a hundred, each with its own place. */
function values(count: number, make: (elements: RawNode[]) => RawNode): RawNode {
  const sets: RawNode[] = [];
  for (let left = count - 1; left > 0; left -= 100)
    sets.push(make(Array.from({ length: Math.min(99, left - 1) }, () => true)));

  return make(sets);
}

test.each<[string, (elements: RawNode[]) => RawNode]>([
  ['arrays', (elements) => elements],
  ['objects', (elements) => parseJson(`{${elements.map((_, at) => `"${at}":1`).join()}}`, '')],
  ['typed sets', (elements) => new TypedSet(elements)],
  ['typed records', (elements) => new TypedRecord(new Map(elements.map((one, at) => [String(at), one])))],
  ['typed calls', (elements) => new TypedExtension('ip', elements)],
])('counts what is in %s', (_name, make) => {
  const inner = make([true, true]);

  expect(() => checkCount(inner, [])).not.toThrow();
  expect(() => checkCount(Array(Math.floor(MOST / 3) + 1).fill(inner), [])).toThrow(TOO_MANY);
});

test('admits exactly as many values as the limit, context and entities together', () => {
  const context = values(MOST / 2, (elements) => elements);
  const entities = Array.from({ length: MOST / 2 }, () => 1n);

  expect(() => checkCount(context, entities)).not.toThrow();
  expect(() => checkCount(context, [...entities, 1n])).toThrow(TOO_MANY);
});

test('counts the attributes and tags of typed entities', () => {
  const many = new TypedSet(Array.from({ length: MOST / 2 }, () => true));
  const uid = { type: 'User', id: 'a' };
  const none = new TypedRecord(new Map());

  expect(() => checkCount(none, [{ uid, attrs: many, parents: [], tags: none }])).not.toThrow();
  expect(() => checkCount(none, [{ uid, attrs: many, parents: [], tags: many }])).toThrow(TOO_MANY);
});

test('counts an object as its reader did, who has seen each value once', () => {
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.integer(),
      fc.constantFrom(null, true, ''),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  const counted = (node: RawNode): number => {
    if (node instanceof RawObject) {
      const members = [...node.entries.values()].map(counted);
      expect(node.values).toBe(1 + members.reduce((sum, count) => sum + count, 0));

      return node.values ?? Number.NaN;
    }

    return Array.isArray(node) ? node.reduce((sum: number, one: RawNode) => sum + counted(one), 1) : 1;
  };

  fc.assert(fc.property(json, (value) => void counted(parseJson(JSON.stringify(value).toWellFormed(), ''))));
});
