import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addFigures,
  bucketOf,
  type Figures,
  NO_FIGURES,
  quantile,
  timed,
} from '../../../services/pdp/trial/figures.ts';
import { interventionFor } from '../../../services/pdp/trial/guard.ts';
import { CANARY_LIMITS } from '../../../services/store/deployment-change.ts';

const limits = (given: object) => CANARY_LIMITS.parse({ min_sample: 100, ...given });
const figures = (given: Partial<Figures>): Figures => ({ ...NO_FIGURES, ...given });
const taking = (ms: number, times = 100) => ({ [bucketOf(ms)]: times });
const ALL = limits({
  max_error_rate: '0.01',
  max_flip_rate: '0.02',
  max_latency_ratio: '2',
  max_p99_ms: '50',
});

describe('a canary', () => {
  test('goes on at its limits, and before enough is known', () => {
    for (const seen of [
      figures({ compared: 100, errors: 1, flips: 2, active: taking(10), candidate: taking(15) }),
      figures({ compared: 99, errors: 99, flips: 99, active: taking(1, 99), candidate: taking(500, 99) }),
      figures({ served: 99, failed: 99 }),
      NO_FIGURES,
    ]) {
      expect(interventionFor(seen, ALL)).toBeUndefined();
    }
  });

  test.each([
    ['errors beside the active bundle', { compared: 100, errors: 2 }, /2 of 100, 2.00 %/],
    ['errors where it decides itself', { served: 100, failed: 2 }, /2 of 100/],
    ['a p99 over so many milliseconds', { active: taking(40), candidate: taking(60) }, /limit is 50 ms/],
    ['a p99 of more than so many times', { active: taking(10), candidate: taking(30) }, /limit is 2 times/],
  ])('is ended for %s', (_, seen, why) => {
    expect(interventionFor(figures(seen), ALL)).toEqual({ kind: 'end', why: expect.stringMatching(why) });
    expect(interventionFor(figures(seen), limits({}))).toBeUndefined();
  });

  test('is frozen for flips, and never ended for them', () => {
    const seen = figures({ compared: 1_000, flips: 1_000 });

    expect(interventionFor(seen, ALL)).toMatchObject({ kind: 'freeze' });
    expect(interventionFor({ ...seen, errors: 1_000 }, ALL)).toMatchObject({ kind: 'end' });
  });

  test('is not ended for a ratio of times so short that it says nothing', () => {
    expect(interventionFor(figures({ active: taking(0.01), candidate: taking(0.5) }), ALL)).toBeUndefined();
  });
});

describe('figures', () => {
  test('tell a quantile to within a bucket', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.001, max: 1_000, noNaN: true }), { minLength: 1 }), (times) => {
        const counted = times
          .map((ms) => figures({ candidate: taking(ms, 1) }))
          .reduce(addFigures, NO_FIGURES);
        const exact = times.toSorted((one, other) => one - other)[Math.ceil(0.99 * times.length) - 1] ?? 0;
        const told = quantile(counted.candidate, 0.99) ?? 0;

        expect(timed(counted.candidate)).toBe(times.length);
        expect(told).toBeGreaterThanOrEqual(exact * 0.999);
        expect(told).toBeLessThanOrEqual(exact * 1.07);
      }),
    );
  });

  test('of several processes add up', () => {
    const one = figures({
      served: 1,
      failed: 2,
      compared: 3,
      flips: 4,
      errors: 5,
      dropped: 6,
      active: taking(1, 7),
    });

    expect(addFigures(one, one)).toEqual(
      figures({
        served: 2,
        failed: 4,
        compared: 6,
        flips: 8,
        errors: 10,
        dropped: 12,
        active: taking(1, 14),
      }),
    );
    expect(quantile({}, 0.99)).toBeUndefined();
  });
});
