import { expect, test } from 'vitest';
import { consumeLimits } from '../../../services/store/limits/uses.ts';
import { claimReport, findReport } from '../../../services/store/outcomes/outcomes.ts';
import { sweepOutcomes } from '../../../services/store/outcomes/sweep.ts';
import { sweepAll } from '../../../services/store/sweep-all.ts';
import { calendar, decision, type LimitDatabase, use, withLimits } from '../limits/support.ts';
import {
  allowed,
  charged,
  claimOf,
  HOUR_MS,
  logOutcome,
  PATIENCE_MS,
  refundable,
  reported,
  state,
} from './support.ts';

const WINDOWS = { a: { kind: 'sliding', spanMs: 24 * HOUR_MS }, b: calendar('day') } as const;
const TIMES = { periodMs: HOUR_MS, ageMs: 60_000, keyMs: 600_000 };

test('a report that is in the log is settled by the sweep where its process did not, and any other changes nothing', async () => {
  await withLimits(WINDOWS, async (database) => {
    const { owner, serving, setClock } = database;
    await setClock('2026-11-29T10:00:00Z');
    const recorded = await allowed(database, refundable('a', 9, 2), refundable('b', 9, 2));
    const lost = await allowed(database, refundable('a', 9, 3), refundable('b', 9, 3));
    const claim = claimOf(recorded, { failed: true });
    await claimReport(serving, claim, PATIENCE_MS);
    await claimReport(serving, claimOf(lost, { failed: true }), PATIENCE_MS);
    await logOutcome(owner, claim.recordId);

    await setClock('2026-11-29T10:01:00Z');
    expect(await sweepOutcomes(serving, TIMES)).toEqual({ settled: 0, isMore: false });
    await setClock('2026-11-29T10:01:01Z');
    expect(await sweepOutcomes(serving, TIMES)).toMatchObject({ settled: 1 });
    expect(await state(database)).toEqual(['a 3/1', 'b 3/1']);
    expect((await findReport(serving, lost))?.settled).toBeUndefined();
  });
});

test('what nobody reports in time counts in full, and waits no more', async () => {
  await withLimits(WINDOWS, async (database) => {
    const { serving, setClock } = database;
    await setClock('2026-11-29T10:00:00Z');
    const id = await allowed(database, refundable('a', 9, 2), refundable('b', 9, 2));
    await allowed(database, charged('a', 9, 0));
    await setClock('2026-11-29T10:59:59Z');
    await sweepOutcomes(serving, TIMES);
    expect(await state(database)).toEqual(['a 2/2', 'b 2/1']);

    await setClock('2026-11-29T11:00:00Z');
    await sweepOutcomes(serving, TIMES);
    expect(await state(database)).toEqual(['a 2/1', 'b 2/0']);
    expect(await reported(database, id, { failed: true })).toEqual([]);
    expect(await reservations(database)).toBe(0);
  });
});

test('a use whose decision may not be in the log keeps waiting for that', async () => {
  await withLimits(WINDOWS, async (database) => {
    const { serving, setClock } = database;
    await setClock('2026-11-29T10:00:00Z');
    await consumeLimits(serving, [decision(refundable('b', 9, 2)), decision(use('b', 9, 1))]);
    await setClock('2026-11-29T12:00:00Z');
    await sweepOutcomes(serving, TIMES);

    expect(await state(database)).toEqual(['b 3/2']);
  });
});

test('a report is forgotten when nobody can repeat it any more', async () => {
  await withLimits(WINDOWS, async (database) => {
    const { serving, setClock } = database;
    await setClock('2026-11-29T10:00:00Z');
    const id = await allowed(database, refundable('b', 9, 2));
    await reported(database, id);
    await setClock('2026-11-29T11:59:59Z');
    await sweepOutcomes(serving, TIMES);
    expect(await findReport(serving, id)).toBeDefined();
    await setClock('2026-11-29T12:00:00Z');
    await sweepOutcomes(serving, TIMES);

    expect(await findReport(serving, id)).toBeUndefined();
  });
});

test('says that there is more until nothing is left of reports, reservations and keys', async () => {
  await withLimits(WINDOWS, async (database) => {
    const { owner, serving, setClock } = database;
    await setClock('2026-11-29T10:00:00Z');
    for (let count = 0; count < 5; count += 1) {
      await reported(database, await allowed(database, refundable('b', 9, 1)));
    }
    await allowed(database, refundable('b', 9, 1), refundable('a', 9, 1));
    await owner.query(
      `insert into idempotency_keys (store, subject, key, digest, decision_id, claimed_at)
       select 'default', 's', n::text, sha256(''), gen_random_uuid(), '2026-11-29T10:00:00Z' from generate_series(1, 9) n`,
    );
    await setClock('2026-11-29T12:00:00Z');
    const all = await sweepAll(
      () => sweepOutcomes(serving, TIMES, 2),
      () => false,
    );

    expect(all.map(({ isMore }) => isMore)).toEqual([true, true, true, true, false]);
    const { rows } = await owner.query(
      'select (select count(*)::int from outcomes) as outcomes, (select count(*)::int from idempotency_keys) as keys',
    );
    expect(rows).toEqual([{ outcomes: 0, keys: 0 }]);
    expect(await reservations(database)).toBe(0);
  });
});

test('one process sweeps at a time', async () => {
  await withLimits({}, async ({ owner, serving }) => {
    const client = await owner.connect();
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock(7180271916)');
    expect(await sweepOutcomes(serving, TIMES)).toBeUndefined();
    await client.query('commit');
    client.release();

    expect(await sweepOutcomes(serving, TIMES)).toEqual({ settled: 0, isMore: false });
  });
});

async function reservations({ serving }: LimitDatabase): Promise<number> {
  const { rows } = await serving.query('select count(*) as n from limit_entries where reserved');

  return Number(rows[0]?.n);
}
