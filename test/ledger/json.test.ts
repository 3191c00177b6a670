import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type JsonValue, jsonText, parseExactJson } from '../../services/ledger/json.ts';

const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('__proto__'));
const integer = fc.oneof(
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  fc.integer().map(BigInt),
);
const values: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    integer,
    // Texts that look as if a number with a point stood in them.
    fc.constantFrom('":1.5', ',1e3', '[2.0', '"x":1.5'),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
  ),
})).value;

describe('exact JSON', () => {
  test('reads back what was written, every integer exact', () => {
    fc.assert(
      fc.property(values, (value) => {
        const read = parseExactJson(jsonText(value)) as JsonValue;

        expect(read).toEqual(value);
        expect(jsonText(read)).toBe(jsonText(value));
      }),
    );
  });

  test.each(['1.5', '[1.0]', '{"a":1e3}', '{"a" : 1.0}', '[1, 2.5]', '{"a":[-0.5]}', '1E2'])(
    'refuses %s, which is no integer as it stands',
    (text) => {
      expect(() => parseExactJson(text)).toThrow(SyntaxError);
    },
  );

  test.each(['-0', '[-0]'])('reads %s as zero', (text) => {
    expect(jsonText(parseExactJson(text) as JsonValue)).toBe(text.replace('-', ''));
  });
});
