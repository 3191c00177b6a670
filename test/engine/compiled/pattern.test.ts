import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPattern } from '../../../services/engine/compiled/pattern.ts';
import type { PatternPart } from '../../../services/engine/compiled/shape.ts';

const characters = fc.constantFrom('a', 'b', '*', '🦀', '🐙', '\u0301');
const texts = fc.array(characters, { maxLength: 10 }).map((list) => list.join(''));
const parts = fc.array(
  fc.oneof<[fc.Arbitrary<PatternPart>, fc.Arbitrary<PatternPart>]>(
    fc.constant('Wildcard'),
    fc.array(characters, { maxLength: 2 }).map((list) => ({ Literal: list.join('') })),
  ),
  { maxLength: 8 },
);

test('a pattern matches what it matches character by character', () => {
  const seen = { true: 0, false: 0 };
  fc.assert(
    fc.property(parts, texts, (pattern, text) => {
      const expected = matchesSlowly(unitsOf(pattern), Array.from(text));
      seen[`${expected}`] += 1;

      expect(createPattern(pattern).matches(text)).toBe(expected);
    }),
    { numRuns: 5_000, seed: 5 },
  );

  expect(Math.min(seen.true, seen.false)).toBeGreaterThan(500);
});

test('a pattern matches the text that its wildcards were cut from', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(texts, fc.boolean()), { maxLength: 5 }), (pieces) => {
      const pattern = pieces.map(([text, cut]): PatternPart => (cut ? 'Wildcard' : { Literal: text }));

      expect(createPattern(pattern).matches(pieces.map(([text]) => text).join(''))).toBe(true);
    }),
    { numRuns: 1_000, seed: 6 },
  );
});

function unitsOf(pattern: readonly PatternPart[]): readonly (string | undefined)[] {
  return pattern.flatMap((part) => (part === 'Wildcard' ? [undefined] : Array.from(part.Literal)));
}

/** The definition itself: a wildcard takes nothing, or one character and goes on. */
function matchesSlowly(pattern: readonly (string | undefined)[], text: readonly string[]): boolean {
  if (pattern.length === 0) return text.length === 0;
  const [first] = pattern;
  if (first !== undefined) return text[0] === first && matchesSlowly(pattern.slice(1), text.slice(1));

  return matchesSlowly(pattern.slice(1), text) || (text.length > 0 && matchesSlowly(pattern, text.slice(1)));
}
