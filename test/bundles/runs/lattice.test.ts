import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latticeOf, latticeProblem } from '../../../services/bundles/runs/lattice.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
/** Each label above some of those before it, so in no circle. */
const lattices = fc
  .tuple(...NAMES.map((_, at) => fc.subarray(NAMES.slice(0, at))))
  .map((below) => Object.fromEntries(NAMES.map((name, at) => [name, below[at] ?? []])));
const labels = fc.subarray(NAMES);

test('who takes labels takes all below them, and nothing else, once and for all', () => {
  fc.assert(
    fc.property(lattices, labels, labels, (lattice, some, others) => {
      const { closed } = latticeOf(lattice);
      const own = closed(some);

      expect(latticeProblem(lattice)).toBeUndefined();
      expect(own).toEqual(expect.arrayContaining(some));
      expect(closed(own)).toEqual(own);
      for (const label of own) expect(own).toEqual(expect.arrayContaining(lattice[label] ?? []));
      expect(closed([...some, ...others])).toEqual([...new Set([...own, ...closed(others)])].sort());
      for (const label of own) expect(some.some((one) => closed([one]).includes(label))).toBe(true);
    }),
  );
});

test('a circle is found wherever it is', () => {
  fc.assert(
    fc.property(lattices, fc.nat({ max: 4 }), fc.nat({ max: 4 }), (lattice, from, to) => {
      const [low, high] = [NAMES[Math.min(from, to)] ?? '', NAMES[Math.max(from, to) + 1] ?? ''];
      const circular = {
        ...lattice,
        [high]: [...(lattice[high] ?? []), low],
        [low]: [...(lattice[low] ?? []), high],
      };

      expect(latticeProblem(circular)).toContain('stands above itself');
    }),
  );
});

test('without one of its own a bundle has public, internal above it, and secret and pii above that', () => {
  const { closed, has } = latticeOf();

  expect(closed(['secret'])).toEqual(['internal', 'public', 'secret']);
  expect(closed(['pii'])).toEqual(['internal', 'pii', 'public']);
  expect(['public', 'Secret', 'toString', '__proto__'].map(has)).toEqual([true, false, false, false]);
});
