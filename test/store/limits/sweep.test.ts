import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { sweepLimits } from '../../../services/store/limits/sweep.ts';
import { consumeLimits, readLimits, recordUses } from '../../../services/store/limits/uses.ts';
import { calendar, consume, decision, SLIDING, use, withLimits } from './support.ts';

/** Of uses that count as forgotten by their process. */
const AGE_MS = 60_000;

test('a pending use whose decision is in the log is recorded, and any other stays counted', async () => {
  const hour = { kind: 'sliding', spanMs: 3_600_000 } as const;
  await withLimits({ a: hour, b: calendar('day') }, async ({ owner, serving, setClock }) => {
    const decisions = [1, 2, 3].map(() => decision(use('a', 9, 1), use('b', 9, 1)));
    const [logged, denied, lost] = decisions.map(({ decisionId }) => decisionId);
    await setClock('2026-11-29T10:00:00Z');
    await consumeLimits(serving, decisions);
    await log(owner, logged, 'allow');
    await log(owner, denied, 'deny');

    await setClock('2026-11-29T10:00:59Z');
    expect(await sweepLimits(serving, AGE_MS)).toEqual({
      reconciled: 0,
      pending: 6,
      unknown: 0,
      forgotten: 0,
      isMore: false,
    });
    await setClock('2026-11-29T10:01:01Z');
    expect(await sweepLimits(serving, AGE_MS)).toMatchObject({ reconciled: 1, pending: 4, unknown: 4 });

    const { rows } = await serving.query('select distinct decision_id from limit_entries where not recorded');
    expect(rows.map((row) => row['decision_id']).sort()).toEqual([denied, lost].sort());
    expect(await readLimits(serving, [decision(use('b', 9))])).toMatchObject([[{ used: 3n }]]);
  });
});

test('counters of which nothing is used any more are forgotten, and others are not', async () => {
  await withLimits({ a: SLIDING, b: calendar('day') }, async ({ serving, setClock }) => {
    await setClock('2026-11-29T23:59:50Z');
    const old = decision(use('a', 9, 1, '["old"]'), use('b', 9, 1, '["old"]'));
    await consumeLimits(serving, [old]);
    await recordUses(serving, [old.decisionId]);
    await setClock('2026-11-30T00:00:00Z');
    await consume(serving, use('a', 9, 2, '["new"]'), use('b', 9, 2, '["new"]'));

    expect(await sweepLimits(serving, AGE_MS)).toMatchObject({ forgotten: 2 });
    const { rows } = await serving.query('select name, key, used from limit_counters order by name');
    expect(rows).toEqual([
      { name: 'a', key: '["new"]', used: '2' },
      { name: 'b', key: '["new"]', used: '2' },
    ]);
    await setClock('2026-12-02T00:00:00Z');
    expect(await sweepLimits(serving, AGE_MS)).toMatchObject({ forgotten: 2 });
    expect((await serving.query('select from limit_entries')).rows).toEqual([]);
  });
});

test('says that there is more where as many counters were forgotten as one transaction takes', async () => {
  await withLimits({ a: SLIDING }, async ({ serving, setClock }) => {
    await setClock('2026-11-29T10:00:00Z');
    for (const key of ['1', '2', '3', '4', '5']) await consume(serving, use('a', 9, 1, key));
    await setClock('2026-11-29T20:00:00Z');

    const more = [];
    for (let count = 0; count < 3; count += 1) more.push((await sweepLimits(serving, AGE_MS, 2))?.isMore);
    expect(more).toEqual([true, true, false]);
    expect((await serving.query('select from limit_counters')).rows).toEqual([]);
  });
});

test('one process sweeps at a time', async () => {
  await withLimits({}, async ({ owner, serving }) => {
    const client = await owner.connect();
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock(7180271829)');

    expect(await sweepLimits(serving, AGE_MS)).toBeUndefined();
    await client.query('commit');
    client.release();
    expect(await sweepLimits(serving, AGE_MS)).toBeDefined();
  });
});

function log(owner: pg.Pool, id: string | undefined, outcome: string) {
  return owner.query(
    `insert into decisions (decision_id, kind, time, subject, decision, reason_code, trace_id, process_id, boot_id, seq, record)
     values ($1, 'decision', now(), 's', $2, 'permitted', '', 'p', $3, 1, '')`,
    [id, outcome, randomUUID()],
  );
}
