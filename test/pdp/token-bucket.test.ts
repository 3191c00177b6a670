import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from '../../services/pdp/token-bucket.ts';

const MICROS = 1_000_000;

const limits = fc.record({
  rate_per_second: fc.integer({ min: 1, max: 1_000_000 }),
  burst: fc.integer({ min: 1, max: 1_000_000 }),
});
const asked = fc.array(
  fc.record({
    pause: fc.oneof(fc.integer({ min: 0, max: 2_000_000 }), fc.integer({ min: 0, max: 2 ** 45 })),
    count: fc.integer({ min: 1, max: 500 }),
  }),
  { maxLength: 60 },
);

test('lets no more pass in any window than the burst and what the rate brings in that time', () => {
  fc.assert(
    fc.property(limits, asked, fc.integer({ min: 1, max: 64 }), (limit, calls, parts) => {
      const bucket = new TokenBucket(limit, parts, 0);
      const passed: { at: number; count: number }[] = [];
      let now = 0;
      for (const { pause, count } of calls) {
        now += pause;
        if (count <= bucket.most && bucket.take(count, now) === 0) passed.push({ at: now, count });
      }

      const burst = BigInt(Math.max(limit.burst * MICROS, parts * MICROS));
      passed.forEach(({ at: start }, from) => {
        let sum = 0n;
        for (const { at, count } of passed.slice(from)) {
          sum += BigInt(count) * BigInt(parts * MICROS);
          expect(sum <= burst + BigInt(limit.rate_per_second) * BigInt(at - start)).toBe(true);
        }
      });
    }),
  );
});

test('lets pass after exactly the wait that it tells, and not a microsecond sooner', () => {
  fc.assert(
    fc.property(limits, fc.integer({ min: 1, max: 64 }), (limit, parts) => {
      const [late, soon] = [new TokenBucket(limit, parts, 0), new TokenBucket(limit, parts, 0)];
      const { most } = late;
      expect([late.take(most, 0), soon.take(most, 0)]).toEqual([0, 0]);
      const wait = late.take(1, 0);
      fc.pre(wait > 0);

      expect(soon.take(1, wait - 1)).toBe(1);
      expect(late.take(1, wait)).toBe(0);
    }),
  );
});

test('takes nothing for what it refuses', () => {
  const bucket = new TokenBucket({ rate_per_second: 1, burst: 10 }, 1, 0);

  expect(bucket.take(4, 0)).toBe(0);
  expect(bucket.take(7, 0)).toBe(MICROS);
  expect(bucket.take(6, 0)).toBe(0);
});

test('goes on with what it had where the clock goes back', () => {
  const bucket = new TokenBucket({ rate_per_second: 1, burst: 1 }, 1, 5 * MICROS);

  expect(bucket.take(1, 5 * MICROS)).toBe(0);
  expect(bucket.take(1, 0)).toBe(MICROS);
  expect(bucket.take(1, 6 * MICROS)).toBe(0);
});
