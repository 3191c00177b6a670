import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortInSteps } from '../../../services/engine/compiled/sort-in-steps.ts';
import { atOnce } from '../../../services/engine/steps.ts';

test.each([0, 1, 2, 999, 1_000, 1_001, 1_999, 2_000, 2_001, 3_000, 4_001, 7_777])(
  'sorts %i numbers as they are sorted at once',
  (count) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const ranks = Array.from({ length: count }, (_, index) =>
          Math.imul(index + 1, 0x9e3779b1 + 2 * seed),
        );
        const sorted = atOnce(sortInSteps(count, (one, other) => (ranks[one] ?? 0) < (ranks[other] ?? 0)));

        expect([...sorted]).toEqual([...ranks.keys()].sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0)));
      }),
      { numRuns: 3, seed: 1 },
    );
  },
);

test('sorts what is in order already, and what is the other way round', () => {
  const expected = Array.from({ length: 5_500 }, (_, index) => index);

  expect([...atOnce(sortInSteps(5_500, (one, other) => one < other))]).toEqual(expected);
  expect([...atOnce(sortInSteps(5_500, (one, other) => one > other))]).toEqual(expected.toReversed());
});

test('compares no more than some thousand numbers between two rests', () => {
  let comparisons = 0;
  const steps = sortInSteps(20_000, (one, other) => {
    comparisons += 1;

    return Math.imul(one, 0x9e3779b1) < Math.imul(other, 0x9e3779b1);
  });
  let most = 0;
  for (let step = steps.next(); step.done !== true; step = steps.next()) {
    most = Math.max(most, comparisons);
    comparisons = 0;
  }

  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(15_000);
});
