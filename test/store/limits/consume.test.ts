import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLimitCounting } from '../../../services/store/limits/counting.ts';
import { consumeLimits, readLimits, recordUses, releaseUses } from '../../../services/store/limits/uses.ts';
import { createPool } from '../../../services/store/pool.ts';
import { calendar, consume, decision, define, SLIDING, use, withLimits } from './support.ts';

const MAX_LONG = '9223372036854775807';

describe('consuming', () => {
  test('counts up to the limit and no further, and says what is used', async () => {
    await withLimits({ a: SLIDING }, async ({ serving }) => {
      expect(await consume(serving, use('a', 5, 3))).toMatchObject({
        consumed: true,
        counts: [{ name: 'a', used: 3n }],
      });
      expect(await consume(serving, use('a', 5, 3))).toMatchObject({
        consumed: false,
        counts: [{ used: 3n }],
      });
      expect(await consume(serving, use('a', 5, 2))).toMatchObject({
        consumed: true,
        counts: [{ used: 5n }],
      });
      expect(await consume(serving, use('a', 5, 0))).toMatchObject({
        consumed: true,
        counts: [{ used: 5n }],
      });
      expect(await consume(serving, use('a', 4, 1))).toMatchObject({
        consumed: false,
        counts: [{ used: 5n }],
      });
      expect(await consume(serving, use('a', 5, 1, '["other"]'))).toMatchObject({
        consumed: true,
        counts: [{ used: 1n }],
      });
    });
  });

  test('takes nothing of any limit where one of them has no room, also among decisions of one statement', async () => {
    await withLimits({ a: SLIDING, b: calendar('day') }, async ({ serving }) => {
      const answers = await consumeLimits(serving, [
        decision(use('a', 10, 1), use('b', 2, 2)),
        decision(use('a', 10, 1), use('b', 2, 1)),
        decision(use('a', 10, 4)),
      ]);

      expect(answers.map((answer) => answer?.consumed)).toEqual([true, false, true]);
      expect(await readLimits(serving, [decision(use('a', 10), use('b', 2))])).toMatchObject([
        [
          { name: 'a', used: 5n },
          { name: 'b', used: 2n },
        ],
      ]);
    });
  });

  test('neither overflows nor counts backwards', async () => {
    await withLimits({ a: SLIDING }, async ({ serving }) => {
      const huge = { ...use('a', 1), max: BigInt(MAX_LONG), amount: BigInt(MAX_LONG) };

      expect(await consume(serving, huge)).toMatchObject({ consumed: true });
      expect(await consume(serving, huge)).toMatchObject({
        consumed: false,
        counts: [{ used: BigInt(MAX_LONG) }],
      });
      expect(await consumeLimits(serving, [decision(use('a', 5, -1))])).toEqual([undefined]);
    });
  });

  test('does not answer for a limit that the store does not know, and counts the others of the statement', async () => {
    await withLimits({ a: SLIDING }, async ({ serving }) => {
      const answers = await consumeLimits(serving, [
        decision(use('a', 5), use('nope', 5)),
        decision(use('a', 5)),
      ]);

      expect(answers).toMatchObject([undefined, { consumed: true, counts: [{ used: 1n }] }]);
      expect(await readLimits(serving, [decision(use('nope', 5))])).toEqual([undefined]);
    });
  });

  test('reads a counter that nobody has used, and makes none', async () => {
    await withLimits({ a: SLIDING, b: calendar('day') }, async ({ serving }) => {
      expect(await readLimits(serving, [decision(use('a', 5), use('b', 5))])).toMatchObject([
        [
          { used: 0n, resetsAt: undefined },
          { used: 0n, resetsAt: expect.any(Number) },
        ],
      ]);
      expect((await serving.query('select * from limit_counters')).rows).toEqual([]);
    });
  });
});

describe('a definition', () => {
  test('stays: another window under a known name is refused, the same one is not', async () => {
    await withLimits({ a: SLIDING }, async ({ serving }) => {
      await define(serving, { a: SLIDING });

      await expect(define(serving, { a: calendar('day') })).rejects.toMatchObject({
        code: 'precondition_failed',
        message: expect.stringContaining('give it another name'),
      });
      await expect(define(serving, { c: calendar('day', 'Europe/Nowhere') })).rejects.toMatchObject({
        code: 'precondition_failed',
        message: expect.stringContaining('does not know the time zone'),
      });
    });
  });
});

describe('a use', () => {
  test('that is given back makes room, once, and one that is recorded is not given back', async () => {
    await withLimits({ a: SLIDING, b: calendar('day') }, async ({ serving }) => {
      const [lost, kept] = [
        decision(use('a', 5, 3), use('b', 5, 3)),
        decision(use('a', 5, 2), use('b', 5, 2)),
      ];
      await consumeLimits(serving, [lost, kept]);
      await recordUses(serving, [kept.decisionId]);

      for (let times = 0; times < 2; times += 1)
        await releaseUses(serving, [lost.decisionId, kept.decisionId]);

      expect(await readLimits(serving, [kept])).toMatchObject([[{ used: 2n }, { used: 2n }]]);
      expect((await serving.query('select recorded from limit_entries')).rows).toEqual([{ recorded: true }]);
    });
  });

  test('of a window that is over gives nothing back to the next one', async () => {
    await withLimits({ b: calendar('day') }, async ({ serving, setClock }) => {
      const late = decision(use('b', 5, 3));
      await setClock('2026-11-29T23:59:59.999Z');
      await consumeLimits(serving, [late]);
      await setClock('2026-11-30T00:00:00Z');
      await consume(serving, use('b', 5, 4));
      await releaseUses(serving, [late.decisionId]);

      expect(await readLimits(serving, [late])).toMatchObject([[{ used: 4n }]]);
    });
  });
});

test('a sliding window stays full where the clock goes back, and for no longer than it is long', async () => {
  await withLimits({ a: SLIDING }, async ({ serving, setClock }) => {
    await setClock('2026-11-29T10:00:05Z');
    await consume(serving, use('a', 1));
    for (const [moment, fits] of [
      ['2026-11-29T10:00:00Z', false],
      ['2026-11-29T10:00:14.999Z', false],
      ['2026-11-29T10:00:15Z', true],
    ] as const) {
      await setClock(moment);
      expect((await consume(serving, use('a', 1))).consumed).toBe(fits);
    }
  });
});

describe('a calendar window', () => {
  test.each([
    ['a day of 23 hours', 'day', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    ['a day of 25 hours', 'day', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
    ['the first of two hours of one name', 'hour', '2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z'],
    ['the second of two hours of one name', 'hour', '2026-10-25T01:00:00Z', '2026-10-25T02:00:00Z'],
    ['a week, from Monday', 'week', '2026-10-18T22:00:00Z', '2026-10-25T23:00:00Z'],
    ['a month', 'month', '2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z'],
  ])('is %s in Berlin', async (_what, unit, start, end) => {
    await withLimits({ b: calendar(unit, 'Europe/Berlin') }, async ({ serving, setClock }) => {
      const at = async (moment: number) => {
        await setClock(new Date(moment).toISOString());
        return (await consume(serving, use('b', 1))).consumed;
      };
      const [from, until] = [Date.parse(start), Date.parse(end)];

      expect(await at(from - 1)).toBe(true);
      expect(await at(from)).toBe(true);
      expect((await readLimits(serving, [decision(use('b', 1))]))[0]).toMatchObject([
        { used: 1n, resetsAt: until },
      ]);
      expect(await at(until - 1)).toBe(false);
      expect(await at(until)).toBe(true);
    });
  });

  test('goes on counting where the clock goes back', async () => {
    await withLimits({ b: calendar('day') }, async ({ serving, setClock }) => {
      await setClock('2026-11-30T00:00:01Z');
      await consume(serving, use('b', 1));
      await setClock('2026-11-29T23:59:59Z');

      expect(await consume(serving, use('b', 1))).toMatchObject({ consumed: false, counts: [{ used: 1n }] });
      expect(await readLimits(serving, [decision(use('b', 1))])).toMatchObject([[{ used: 1n }]]);
    });
  });
});

test('a sliding window is exact: it allows what a model of all uses allows, and reads as it counts', async () => {
  const step = fc.record({
    wait: fc.nat(6_000),
    amount: fc.nat(4),
    max: fc.integer({ min: 3, max: 6 }),
    release: fc.nat(9),
  });
  await withLimits({ a: SLIDING }, async ({ serving, setClock }) => {
    let run = 0;
    let now = Date.parse('2026-01-01T00:00:00Z');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        run += 1;
        const key = `["${run}"]`;
        let held: { at: number; amount: number }[] = [];
        for (const { wait, amount, max, release } of steps) {
          now += wait;
          await setClock(new Date(now).toISOString());
          held = held.filter(({ at }) => at > now - 10_000);
          const used = held.reduce((sum, one) => sum + one.amount, 0);
          const asked = decision(use('a', max, amount, key));

          expect(await readLimits(serving, [asked])).toMatchObject([[{ used: BigInt(used) }]]);
          const fits = used + amount <= max;
          expect(await consumeLimits(serving, [asked])).toMatchObject([
            { consumed: fits, counts: [{ used: BigInt(fits ? used + amount : used) }] },
          ]);
          if (fits && release === 0) await releaseUses(serving, [asked.decisionId]);
          else if (fits) held.push({ at: now, amount });
        }
      }),
      { numRuns: 25 },
    );
  });
});

test('decisions of one statement are counted as if each came alone, in their order', async () => {
  const asked = fc.record({
    a: fc.option(fc.nat(3), { nil: undefined }),
    b: fc.option(fc.nat(3), { nil: undefined }),
    key: fc.nat(1),
  });
  await withLimits({ a: SLIDING, b: calendar('month') }, async ({ serving }) => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { minLength: 1, maxLength: 8 }), fc.nat(12), async (all, max) => {
        run += 1;
        const held = new Map<string, number>();
        const decisions = all.map(({ a = 0, b = 0, key }) => ({ a, b, key: `["${run} ${key}"]` }));
        const answers = await consumeLimits(
          serving,
          decisions.map(({ a, b, key }) => decision(use('a', max + 1, a, key), use('b', max + 1, b, key))),
        );

        for (const [at, { a, b, key }] of decisions.entries()) {
          const [before, other] = [held.get(`a${key}`) ?? 0, held.get(`b${key}`) ?? 0];
          const fits = before + a <= max + 1 && other + b <= max + 1;
          if (fits) held.set(`a${key}`, before + a).set(`b${key}`, other + b);
          const counts = [...(answers[at]?.counts ?? [])].sort((x, y) => (x.name < y.name ? -1 : 1));

          expect(answers[at]?.consumed).toBe(fits);
          expect(counts.map(({ used }) => Number(used))).toEqual([
            held.get(`a${key}`) ?? 0,
            held.get(`b${key}`) ?? 0,
          ]);
          expect(counts.map(({ resetsAt }) => resetsAt !== undefined)).toEqual([
            (held.get(`a${key}`) ?? 0) > 0,
            true,
          ]);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test('1,000 callers at once, over several connections and limits in every order, use up exactly what there is', async () => {
  await withLimits(
    { a: SLIDING, b: calendar('month'), c: calendar('month') },
    async ({ serving, servingUrl }) => {
      const pools = [1, 2, 3].map(() => createPool({ connection: servingUrl, max: 4 }));
      const counting = pools.map((database) => createLimitCounting({ database, onLost: () => undefined }));
      const orders = [
        ['a', 'b'],
        ['b', 'a'],
        ['c', 'a', 'b'],
        ['b', 'c'],
      ];
      const asked = Array.from({ length: 1_000 }, (_, at) =>
        decision(...(orders[at % 4] ?? []).map((name) => use(name, name === 'b' ? 300 : 100_000))),
      );

      const answers = await Promise.all(
        asked.map((one, at) => counting[at % 3]?.settle({ ...one, store: 'default' })),
      );
      for (const [at, { decisionId }] of asked.entries()) {
        if (answers[at]?.outcome === 'settled') counting[(at + 1) % 3]?.recorded(decisionId);
      }
      await Promise.all(counting.map((one) => one.settled()));
      await Promise.all(pools.map((pool) => pool.end()));

      expect(answers.filter((answer) => answer?.outcome === 'settled')).toHaveLength(300);
      expect((await serving.query('select from limit_entries where not recorded')).rows).toEqual([]);
      const won = asked.filter((_, at) => answers[at]?.outcome === 'settled').flatMap(({ uses }) => uses);
      const [counts = []] = await readLimits(serving, [decision(use('a', 1), use('b', 1), use('c', 1))]);
      for (const { name, used } of counts) {
        expect(`${name} ${used}`).toBe(`${name} ${won.filter((one) => one.name === name).length}`);
      }
    },
  );
});
