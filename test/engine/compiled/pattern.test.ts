import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createNeedle } from '../../../services/engine/compiled/needle.ts';
import { createPattern } from '../../../services/engine/compiled/pattern.ts';
import type { PatternPart } from '../../../services/engine/compiled/shape.ts';
import { LIMITS } from '../../../services/engine/limits.ts';

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

test('a piece longer than what indexOf is quick with is found where indexOf finds it', () => {
  const seen = { found: 0, missed: 0 };
  const period = fc.array(fc.constantFrom('a', 'b', '🦀'), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.record({ period, length: fc.integer({ min: 240, max: 300 }), end: texts, lead: texts, tail: texts }),
      ({ period: units, length, end, lead, tail }) => {
        const long = units.join('').repeat(length).slice(0, length).toWellFormed();
        const piece = `${long}${end}`;
        // One period more or less than the piece begins with, so that it may fit a little further on.
        const text = `${lead}${units.join('')}${long}${tail}`;
        const at = text.indexOf(piece);
        seen[at === -1 ? 'missed' : 'found'] += 1;

        expect(createPattern(['Wildcard', { Literal: piece }, 'Wildcard']).matches(text)).toBe(at !== -1);
        expect(createNeedle(piece).indexIn(text, 0)).toBe(at);
        expect(createNeedle(piece).indexIn(text, at + 1)).toBe(text.indexOf(piece, at + 1));
      },
    ),
    { numRuns: 2_000, seed: 8 },
  );

  expect(Math.min(seen.found, seen.missed)).toBeGreaterThan(200);
});

test('a long piece of which nearly all fits at every place of a text takes no time that grows with both', () => {
  const piece = `${'a'.repeat(600)}b${'a'.repeat(29_399)}`;
  const pattern = createPattern(['Wildcard', { Literal: piece }, 'Wildcard']);
  // Compared place by place these are 100,000,000,000 units.
  for (let spare = 0; spare < 100; spare += 1) {
    expect(pattern.matches('a'.repeat(LIMITS.string_bytes - spare))).toBe(false);
  }
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
