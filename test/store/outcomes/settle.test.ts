import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { consumeLimits, readLimits } from '../../../services/store/limits/uses.ts';
import {
  abandonReport,
  claimReport,
  findDecision,
  findReport,
  settleReport,
} from '../../../services/store/outcomes/outcomes.ts';
import { calendar, consume, decision, SLIDING, use, withLimits } from '../limits/support.ts';
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

const BOTH = { a: { kind: 'sliding', spanMs: HOUR_MS }, b: calendar('day') } as const;
const MAX_LONG = 2n ** 63n - 1n;

describe('a report of less than what was counted', () => {
  test('gives the difference back where the limit is refundable, and nothing where it is not', async () => {
    await withLimits({ ...BOTH, c: calendar('day') }, async (database) => {
      const id = await allowed(database, refundable('a', 9, 5), refundable('b', 9, 5), charged('c', 9, 5));

      expect(await reported(database, id, { costs: { a: 2n, b: 0n, c: 1n } })).toEqual([
        { name: 'a', reserved: 5n, charged: 2n },
        { name: 'b', reserved: 5n, charged: 0n },
        { name: 'c', reserved: 5n, charged: 5n },
      ]);
      expect(await state(database)).toEqual(['a 2/1', 'b 0/0', 'c 5/0']);
    });
  });

  test('makes room for others at once', async () => {
    await withLimits(BOTH, async (database) => {
      const id = await allowed(database, refundable('b', 5, 5));
      expect(await consume(database.serving, use('b', 5, 4))).toMatchObject({ consumed: false });
      await reported(database, id, { costs: { b: 1n } });

      expect(await consume(database.serving, use('b', 5, 4))).toMatchObject({ consumed: true });
    });
  });

  test('leaves a sliding window with what it gave back, and no sooner or later than counted', async () => {
    await withLimits({ a: SLIDING }, async (database) => {
      const { serving, setClock } = database;
      await setClock('2026-11-29T10:00:00Z');
      const id = await allowed(database, refundable('a', 9, 5));
      await setClock('2026-11-29T10:00:05Z');
      await allowed(database, use('a', 9, 3));
      await reported(database, id, { costs: { a: 2n } });

      expect(await readLimits(serving, [decision(use('a', 9))])).toMatchObject([[{ used: 5n }]]);
      await setClock('2026-11-29T10:00:10Z');
      expect(await consume(serving, use('a', 9, 6))).toMatchObject({
        consumed: true,
        counts: [{ used: 9n }],
      });
      await setClock('2026-11-29T10:00:15Z');
      expect(await consume(serving, use('a', 9, 3))).toMatchObject({
        consumed: true,
        counts: [{ used: 9n }],
      });
    });
  });
});

describe('a report of a failure', () => {
  test('gives all back where the limit is refundable', async () => {
    await withLimits({ ...BOTH, c: calendar('day') }, async (database) => {
      const id = await allowed(database, refundable('a', 9, 5), refundable('b', 9, 5), charged('c', 9, 5));
      await reported(database, id, { failed: true });

      expect(await state(database)).toEqual(['a 0/0', 'b 0/0', 'c 5/0']);
      expect(await readLimits(database.serving, [decision(use('a', 9))])).toMatchObject([
        [{ used: 0n, resetsAt: undefined }],
      ]);
    });
  });

  test('that cost something all the same gives back the rest', async () => {
    await withLimits(BOTH, async (database) => {
      const id = await allowed(database, refundable('a', 9, 5));
      await reported(database, id, { failed: true, costs: { a: 4n } });

      expect(await state(database)).toEqual(['a 4/1']);
    });
  });
});

describe('a report of more than what was counted', () => {
  test('is charged on top, over the maximum too, and then nothing has room, not even what costs nothing', async () => {
    await withLimits(BOTH, async (database) => {
      const id = await allowed(database, charged('a', 9, 5), refundable('b', 9, 5));
      await reported(database, id, { costs: { a: 12n, b: 7n } });

      expect(await state(database)).toEqual(['a 12/1', 'b 7/0']);
      expect(await consume(database.serving, use('a', 9, 0))).toMatchObject({ consumed: false });
      expect(await consume(database.serving, use('b', 9, 2))).toMatchObject({ consumed: true });
    });
  });

  test('is charged where nothing had been reserved by a call that said it would cost nothing', async () => {
    await withLimits(BOTH, async (database) => {
      const id = await allowed(database, charged('a', 9, 0), charged('b', 9, 0));
      expect(await state(database)).toEqual(['a 0/1', 'b 0/1']);
      expect(await readLimits(database.serving, [decision(use('a', 9))])).toMatchObject([
        [{ used: 0n, resetsAt: undefined }],
      ]);
      await reported(database, id, { costs: { a: 3n, b: 3n } });

      expect(await state(database)).toEqual(['a 3/1', 'b 3/0']);
    });
  });

  test('goes as far as a bigint, and leaves the window with what it was charged', async () => {
    await withLimits({ a: SLIDING, b: calendar('day') }, async (database) => {
      const { serving, setClock } = database;
      await setClock('2026-11-29T10:00:00Z');
      await allowed(database, use('a', 9, 3), use('b', 9, 3));
      const id = await allowed(database, charged('a', 9, 1), charged('b', 9, 1));
      const settled = await reported(database, id, { costs: { a: MAX_LONG, b: MAX_LONG } });

      expect(settled.map(({ charged: amount }) => amount)).toEqual([MAX_LONG - 3n, MAX_LONG - 3n]);
      expect(await state(database)).toEqual([`a ${MAX_LONG}/2`, `b ${MAX_LONG}/0`]);
      expect(await consume(serving, use('a', 9, 1), use('b', 9, 1))).toMatchObject({ consumed: false });
      await setClock('2026-11-30T00:00:00Z');
      expect(await consume(serving, use('a', 9, 9), use('b', 9, 9))).toMatchObject({ consumed: true });
    });
  });
});

describe('a report', () => {
  test('without a cost leaves what was counted', async () => {
    await withLimits(BOTH, async (database) => {
      const id = await allowed(database, refundable('a', 9, 5), refundable('b', 9, 5));

      expect(await reported(database, id)).toMatchObject([{ charged: 5n }, { charged: 5n }]);
      expect(await state(database)).toEqual(['a 5/1', 'b 5/0']);
    });
  });

  test('settles nothing of a window of the calendar that is over', async () => {
    await withLimits({ b: calendar('hour') }, async (database) => {
      await database.setClock('2026-11-29T10:59:59Z');
      const id = await allowed(database, refundable('b', 9, 5));
      await database.setClock('2026-11-29T11:00:00Z');
      await allowed(database, use('b', 9, 2));

      expect(await reported(database, id, { failed: true })).toEqual([]);
      expect(await state(database)).toEqual(['b 2/1']);
    });
  });

  test('settles nothing once its time has passed, whatever the clock of its process says', async () => {
    await withLimits({ b: calendar('day') }, async (database) => {
      await database.setClock('2026-11-29T10:00:00Z');
      const id = await allowed(database, refundable('b', 9, 5));
      await database.setClock('2026-11-29T11:00:00Z');

      expect(await reported(database, id, { failed: true })).toEqual([]);
      expect(await state(database)).toEqual(['b 5/1']);
    });
  });

  test('of a decision that reserved nothing settles nothing', async () => {
    await withLimits(BOTH, async (database) => {
      const id = await allowed(database, use('a', 9, 5), use('b', 9, 5));

      expect(await reported(database, id, { failed: true, costs: { a: 9n } })).toEqual([]);
      expect(await state(database)).toEqual(['a 5/1', 'b 5/0']);
    });
  });

  test('is settled once, however often and however many at once', async () => {
    await withLimits(BOTH, async (database) => {
      const { serving } = database;
      await allowed(database, use('a', 99, 50), use('b', 99, 50));
      const id = await allowed(database, refundable('a', 99, 5), refundable('b', 99, 5));
      await claimReport(serving, claimOf(id, { failed: true }), PATIENCE_MS);
      const all = await Promise.all(Array.from({ length: 20 }, () => settleReport(serving, id, HOUR_MS)));

      expect(new Set(all.map((settled) => settled.map(({ charged: to }) => to).join()))).toEqual(
        new Set(['0,0']),
      );
      expect(await state(database)).toEqual(['a 50/1', 'b 50/0']);
    });
  });

  test('is the one of its decision that came first, of all that come at once', async () => {
    await withLimits(BOTH, async ({ serving }) => {
      const id = randomUUID();
      const claims = Array.from({ length: 20 }, (_, at) => claimOf(id, { costs: { a: BigInt(at) } }));
      const kept = await Promise.all(claims.map((claim) => claimReport(serving, claim, PATIENCE_MS)));

      expect(new Set(kept.map(({ digest }) => digest.toString('hex'))).size).toBe(1);
      const first = kept[0]?.digest.toString('hex');
      expect((await findReport(serving, id))?.digest.toString('hex')).toBe(first);
      const { rows } = await serving.query('select record_id from outcomes');
      const winner = claims.find(({ digest }) => digest.toString('hex') === first);
      expect(rows).toEqual([{ record_id: winner?.recordId }]);
    });
  });

  test('is recorded by one at a time: the same one again waits for it, and takes over what came to nothing', async () => {
    await withLimits({}, async ({ serving, setClock }) => {
      await setClock('2026-11-29T10:00:00Z');
      const id = randomUUID();
      const claim = () => claimReport(serving, claimOf(id), PATIENCE_MS);
      expect(await claim()).toMatchObject({ recordedBy: 'own' });
      await setClock('2026-11-29T10:00:01.9Z');
      expect(await claim()).toMatchObject({ recordedBy: 'other' });
      await setClock('2026-11-29T10:00:02Z');
      expect(await claim()).toMatchObject({ recordedBy: 'own' });
      expect(await claim()).toMatchObject({ recordedBy: 'other' });
    });
  });

  test('whose record could not be written is free for the same one, and for no other', async () => {
    await withLimits({}, async ({ serving }) => {
      const id = randomUUID();
      const first = claimOf(id);
      await claimReport(serving, first, PATIENCE_MS);
      await abandonReport(serving, first);
      const other = await claimReport(serving, claimOf(id, { failed: true }), PATIENCE_MS);

      expect(other).toMatchObject({ digest: first.digest, recordedBy: 'other' });
      expect(await claimReport(serving, claimOf(id), PATIENCE_MS)).toMatchObject({ recordedBy: 'own' });
    });
  });

  test('whose record is in the log is settled without another one', async () => {
    await withLimits({}, async ({ owner, serving }) => {
      const claim = claimOf(randomUUID());
      await claimReport(serving, claim, PATIENCE_MS);
      await logOutcome(owner, claim.recordId);

      expect(await claimReport(serving, { ...claim, recordId: randomUUID() }, 0)).toMatchObject({
        recordedBy: 'nobody',
      });
    });
  });

  test('and calls that are counted meanwhile wait for each other in one order', async () => {
    await withLimits({ ...BOTH, c: calendar('day') }, async (database) => {
      const { serving } = database;
      const many = 40;
      const ids = await Promise.all(
        Array.from({ length: many }, () =>
          allowed(database, refundable('c', 9_999, 5), refundable('b', 9_999, 5), refundable('a', 9_999, 5)),
        ),
      );
      await Promise.all([
        ...ids.map((id) => reported(database, id, { failed: true })),
        ...ids.map(() =>
          consumeLimits(serving, [decision(use('a', 9_999), use('c', 9_999), use('b', 9_999))]),
        ),
      ]);

      expect(await state(database)).toEqual([`a ${many}/${many}`, `b ${many}/${many}`, `c ${many}/${many}`]);
    });
  });
});

test('a process of before, which says nothing of reservations, counts as it did', async () => {
  await withLimits(BOTH, async (database) => {
    const charge = { decision: 0, id: randomUUID(), subject: 'old', store: 'default', name: 'b', key: '[]' };
    const row = { ...charge, definition: 'by [], calendar', max: '9', amount: '2' };
    const { rows } = await database.serving.query('select * from consume_limits($1)', [
      JSON.stringify([row]),
    ]);

    expect(rows).toMatchObject([{ consumed: true, used: '2' }]);
    expect(await reported(database, charge.id, { failed: true })).toEqual([]);
  });
});

test('a decision is found for its credential in the stores that this names now, and by nobody else', async () => {
  await withLimits({}, async ({ owner, serving }) => {
    const id = randomUUID();
    await owner.query(
      `insert into decisions (decision_id, kind, time, store, subject, reason_code, trace_id, process_id, boot_id, seq, record)
       values ($1, 'decision', now(), 'default', 'tester', 'permitted', '', 'p', gen_random_uuid(), 0, '{}')`,
      [id],
    );
    const found = (subject: string, stores: readonly string[]) =>
      findDecision(serving, id, { subject, stores });

    expect(await found('tester', ['other', 'default'])).toMatchObject({ record: '{}' });
    expect(await found('tester', ['other'])).toBeUndefined();
    expect(await found('others', ['default'])).toBeUndefined();
  });
});
