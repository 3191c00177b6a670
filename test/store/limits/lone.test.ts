import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chargesOf, type LimitUse } from '../../../services/store/limits/uses.ts';
import { calendar, decision, type LimitDatabase, SLIDING, use, withLimits } from './support.ts';

const aUse = fc.record({
  limit: fc.constantFrom('a', 'b', 'unknown'),
  amount: fc.constantFrom(-1n, 0n, 1n, 2n, 9_223_372_036_854_775_807n),
  max: fc.constantFrom(0n, 3n, 10n, 9_223_372_036_854_775_807n),
  reserved: fc.boolean(),
  refundable: fc.boolean(),
  /** How much later than the one before, in milliseconds. */
  later: fc.constantFrom(0, 1, 4_000, 10_000, 3_600_000),
});

test('a charge that comes alone is counted as the statements for many would count it', async () => {
  await withLimits({ a: SLIDING, b: calendar('hour', 'Europe/Berlin') }, async (database) => {
    await fc.assert(
      fc.asyncProperty(fc.array(aUse, { minLength: 1, maxLength: 12 }), async (uses) => {
        const keys = { lone: randomUUID(), many: randomUUID() };
        // Two hours before clocks are put back in Berlin.
        let now = Date.parse('2026-10-24T23:00:00Z');
        for (const { limit, later, ...more } of uses) {
          now += later;
          await database.setClock(new Date(now).toISOString());
          const of = (key: string) => ({ ...use(limit, 0), ...more, key });

          expect(await consumed(database, 'consume_limits', of(keys.lone))).toEqual(
            await consumed(database, 'consume_many_limits', of(keys.many)),
          );
        }
        expect(await left(database, keys.lone)).toEqual(await left(database, keys.many));
      }),
      { numRuns: 60 },
    );
  });
});

/** By the owner, since the serving role may call only one of them. */
async function consumed({ owner }: LimitDatabase, by: string, of: LimitUse): Promise<unknown> {
  const charges = JSON.stringify(chargesOf([decision(of)]));
  const { rows } = await owner.query(`select * from ${by}($1)`, [charges]);

  return rows;
}

async function left({ owner }: LimitDatabase, key: string): Promise<unknown> {
  const counters = await owner.query(
    'select name, used, window_start, oldest from limit_counters where key = $1 order by name',
    [key],
  );
  const entries = await owner.query(
    `select c.name, e.amount, e.used_at, e.window_start, e.subject, e.reserved, e.refundable, e.recorded
       from limit_entries e join limit_counters c on c.counter = e.counter where c.key = $1
      order by c.name, e.used_at, e.amount, e.reserved, e.refundable`,
    [key],
  );

  return [counters.rows, entries.rows];
}
