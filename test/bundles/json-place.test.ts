import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeOf } from '../../services/bundles/json-place.ts';
import { createSource } from '../../services/bundles/source.ts';

function at(text: string, field: string): string {
  const { start, end } = placeOf(createSource('a.json', text), field);

  return text.slice(start, end);
}

describe('placeOf', () => {
  const text = '[ {"a": [1, 22, {"b c": "x,]}\\""}]},\n {"a": {"d": true}} ]';

  test.each([
    ['[0].a[1]', '22'],
    ['[0].a[2]["b c"]', '"x,]}\\""'],
    ['[1].a.d', 'true'],
    ['[1].a.nope', '{"d": true}'],
    ['[1]', '{"a": {"d": true}}'],
  ])('finds %s', (field, value) => {
    expect(at(text, field)).toBe(value);
  });

  test('stays inside any text', () => {
    const part = fc.constantFrom('{', '}', '[', ']', '"', ',', ':', 'a', '\\', ' ', '\n', '1');
    fc.assert(
      fc.property(fc.array(part), fc.constantFrom('', '[0]', '[1].a', 'a[0].a', '["a"]'), (parts, field) => {
        const whole = parts.join('');
        const { start, end } = placeOf(createSource('a', whole), field);

        expect(start >= 0 && start <= end && end <= whole.length).toBe(true);
      }),
      { numRuns: 2_000, examples: [[['{', '"', 'a', '"'], 'a[0].a']] },
    );
  });
});
