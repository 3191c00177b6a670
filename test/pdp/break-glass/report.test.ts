import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { expect, test, vi } from 'vitest';
import { columnsOf } from '../../../services/ledger/columns.ts';
import { type GlassReportEntry, readRecord } from '../../../services/ledger/record.ts';
import { recordHead } from '../../../services/ledger/record-text.ts';
import { tendGlasses } from '../../../services/pdp/break-glass/tend.ts';
import { closeGlass } from '../../../services/store/break-glass/close.ts';
import { requestGlass } from '../../../services/store/break-glass/open.ts';
import { reportGlass } from '../../../services/store/break-glass/report.ts';
import { withTransaction } from '../../../services/store/pool.ts';
import { nameEndpoint } from '../../../services/store/webhooks/deliveries.ts';
import { withDatabase } from '../../support/postgres.ts';
import { withLedger } from '../support/ledger.ts';

const WAIT = { timeout: 5_000, interval: 20 };
const FAST = { everyMs: 20, reportAfterMs: 0 };
const log = { warn: () => undefined };

test('a report is recorded once, whichever process does it, and tells what was done', async () => {
  await withDatabase(async ({ serving }) => {
    await nameEndpoint(serving, { name: 'all', stores: null, events: null });
    const id = await openAndClose(serving);
    const other = randomUUID();
    for (let count = 0; count < 30; count += 1) {
      await decided(serving, id, count < 3 ? 'restart' : 'deploy', count % 10 === 0 ? 'deny' : 'allow');
    }
    await decided(serving, other, 'deploy', 'allow');
    await withLedger(async (ledger) => {
      const entries: GlassReportEntry[] = [];
      const watched = {
        reserve: ledger.reserve,
        append: ((entry: GlassReportEntry, ...rest: [never, never]) => {
          entries.push(entry);

          return ledger.append(entry, ...rest);
        }) as unknown as typeof ledger.append,
      };
      const processes = [1, 2, 3].map(() => tendGlasses({ pool: serving, ledger: watched, log, ...FAST }));
      await vi.waitFor(async () => expect(await reported(serving)).toHaveLength(1), WAIT);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await Promise.all(processes.map(({ stop }) => stop()));

      expect(entries).toMatchObject([
        {
          kind: 'break_glass_report',
          store: 'default',
          glass: { id, principal: { type: 'User', id: null }, actions: null, ticket: 't' },
          report: {
            ...{ opened_by: 'olga', approved_by: null, closed_by: 'rita', close_reason: 'over' },
            ...{ allowed: 27n, denied: 3n },
            actions: [
              { action: { type: 'Action', id: 'deploy' }, allowed: 25n, denied: 2n },
              { action: { type: 'Action', id: 'restart' }, allowed: 2n, denied: 1n },
            ],
          },
        },
      ]);
      const [entry] = entries;
      if (entry === undefined) throw new Error('nothing was recorded');
      expect(entry.report.examples).toHaveLength(20);
      const text = recordOf(entry);
      expect(readRecord(text)).toMatchObject({ kind: 'break_glass_report', glass: { id } });
      expect(columnsOf(text)).toMatchObject({
        kind: 'break_glass_report',
        store: 'default',
        break_glass: null,
      });
      expect(await reported(serving)).toEqual([{ report_id: entry.decision_id }]);
      const { rows } = await serving.query(
        `select payload from webhook_events where kind = 'break_glass.reported'`,
      );
      expect(rows).toHaveLength(1);
    });
  });
});

test('a report is the same however many decisions one statement counts', async () => {
  await withDatabase(async ({ serving }) => {
    const id = randomUUID();
    const reportBy = (rows?: number) => withTransaction(serving, (client) => reportGlass(client, id, rows));
    expect(await reportBy(3)).toEqual({ allowed: 0, denied: 0, actions: [], examples: [] });
    for (let count = 0; count < 12; count += 1) {
      await decided(serving, id, ['a', 'b', 'c'][count % 3] ?? '', count % 4 === 0 ? 'deny' : 'allow');
    }

    const whole = await reportBy();
    expect(whole).toMatchObject({
      allowed: 9,
      denied: 3,
      actions: ['a', 'b', 'c'].map((action) => ({ id: action, allowed: 3, denied: 1 })),
    });
    for (const rows of [1, 3, 5, 12, 13]) expect(await reportBy(rows)).toEqual(whole);
  });
});

test('a report that cannot be recorded keeps no other from being recorded', async () => {
  await withDatabase(async ({ serving }) => {
    const [first, second] = [await openAndClose(serving), await openAndClose(serving)];
    await withLedger(async (ledger) => {
      const refusing = {
        reserve: ledger.reserve,
        append: ((entry: GlassReportEntry, ...rest: [never, never]) =>
          entry.glass.id === first
            ? Promise.reject(new Error('refused'))
            : ledger.append(entry, ...rest)) as unknown as typeof ledger.append,
      };
      const { stop } = tendGlasses({ pool: serving, ledger: refusing, log, ...FAST });
      await vi.waitFor(async () => expect(await reported(serving)).toHaveLength(1), WAIT);
      await stop();

      const { rows } = await serving.query('select id from break_glass where report_id is not null');
      expect(rows).toEqual([{ id: second }]);
    });
  });
});

test('a report is not noted where it cannot be recorded, and comes later', async () => {
  await withDatabase(async ({ serving }) => {
    await openAndClose(serving);
    await withLedger(async (ledger) => {
      let isFull = true;
      const full = {
        reserve: ledger.reserve,
        append: ((...args: Parameters<typeof ledger.append>) =>
          isFull ? Promise.reject(new Error('no room')) : ledger.append(...args)) as typeof ledger.append,
      };
      const { stop } = tendGlasses({ pool: serving, ledger: full, log, ...FAST });
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(await reported(serving)).toEqual([]);
      isFull = false;
      await vi.waitFor(async () => expect(await reported(serving)).toHaveLength(1), WAIT);
      await stop();
    });
  });
});

async function openAndClose(pool: pg.Pool): Promise<string> {
  const wanted = {
    ...{ store: 'default', principalType: 'User', principalId: null, actions: null },
    ...{ reason: 'r', ticket: 't', minutes: 5, openedBy: 'olga' },
  };
  const asked = await requestGlass(pool, wanted, randomUUID(), () => Promise.resolve());
  if (!('glass' in asked)) throw new Error('it takes two persons');
  const { id } = asked.glass;
  await closeGlass(
    pool,
    { store: 'default', id, closedBy: 'rita', reason: 'over', recordId: randomUUID() },
    () => Promise.resolve(),
  );

  return id;
}

async function decided(pool: pg.Pool, glass: string, action: string, decision: string): Promise<void> {
  await pool.query(
    `insert into decisions (decision_id, kind, time, store, subject, action_type, action_id, decision, reason_code, trace_id,
       process_id, boot_id, seq, record, break_glass)
     values ($1, 'decision', now(), 'default', 's', 'Action', $2, $3, '', '', 'p', $1, 0, '{}', $4)`,
    [randomUUID(), action, decision, glass],
  );
}

async function reported(pool: pg.Pool): Promise<readonly unknown[]> {
  return (await pool.query('select report_id from break_glass where report_id is not null')).rows;
}

function recordOf(entry: GlassReportEntry): string {
  const place = { process_id: 'p', boot_id: randomUUID(), seq: 0, prev_hash: '0'.repeat(64) };

  return `${recordHead(entry, null)},"process":${JSON.stringify(place)}}`;
}
