import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createDelivery } from '../../services/ledger/delivery.ts';
import { getDecision, getInput, queryDecisions } from '../../services/ledger/query.ts';
import { encodeLine, type SpoolRecord } from '../../services/ledger/spool/line.ts';
import type { SpoolLine } from '../../services/ledger/spool/segment.ts';
import { verifyChains } from '../../services/ledger/verify.ts';
import { type Database, textOf } from '../../services/store/database.ts';
import { startEmbeddedPostgres } from '../../services/store/embedded/embedded-postgres.ts';
import { migrate } from '../../services/store/migrate.ts';
import { createPool } from '../../services/store/pool.ts';
import { withDatabase } from '../support/postgres.ts';
import { decision, INPUT, refusal } from './support/entries.ts';
import { newKeyring, open, record, withFolder } from './support/ledgers.ts';
import { readSpool, spoolLines } from './support/spool.ts';

const NEVER = new AbortController().signal;

describe('the drain', () => {
  test('moves records and their inputs to Postgres and then leaves no trace in the spool', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (folder) => {
        const keyring = await newKeyring(folder);
        const directory = join(folder, 'spool');
        const ledger = await open({ directory, keyring, pool: serving });
        const decided = await record(ledger, decision());
        const refused = await record(ledger, refusal(), null);

        expect(await ledger.flush(10_000)).toBe(true);
        expect(ledger.stats()).toMatchObject({
          waitingRecords: 0,
          delivery: { delivered: 2, oldestMs: null, problem: null },
        });
        expect(await getInput(serving, ['default'], keyring, decided)).toBe(INPUT);
        await expect(getInput(serving, 'all', keyring, refused)).rejects.toMatchObject({ code: 'not_found' });
        await ledger.close();
        expect(await readSpool(directory)).toEqual([]);
      }),
    );
  });

  test('removes segments as they are done, so that a small spool serves without end', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (folder) => {
        const keyring = await newKeyring(folder);
        const capBytes = 512 * 1024;
        const ledger = await open({ directory: join(folder, 'spool'), keyring, pool: serving, capBytes });
        for (let round = 0; round < 20; round += 1) {
          await Promise.all(Array.from({ length: 20 }, () => record(ledger, decision(), 'x'.repeat(2_000))));
          await ledger.flush(10_000);
        }

        expect(ledger.stats().recorded).toBe(400);
        expect(ledger.stats().spoolBytes).toBeLessThan(capBytes / 4);
        await ledger.close();
      }),
    );
  });

  test('gathers what trickles in, and asks Postgres no oftener than ten times a second', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (folder) => {
        const keyring = await newKeyring(folder);
        let inserts = 0;
        const counting: Database = {
          query(statement, values) {
            if (textOf(statement).includes('into decisions')) inserts += 1;

            return serving.query(statement, values);
          },
        };
        const ledger = await open({ directory: join(folder, 'spool'), keyring, pool: counting });
        const startedAt = performance.now();
        for (let count = 0; count < 200; count += 1) {
          await record(ledger, decision());
          await sleep(1);
        }
        const atMost = (performance.now() - startedAt) / 100 + 2;
        await ledger.flush(10_000);

        expect(ledger.stats().delivery?.delivered).toBe(200);
        expect(inserts).toBeGreaterThan(0);
        expect(inserts).toBeLessThanOrEqual(atMost);
        await ledger.close();
      }),
    );
  });

  test('brings a record that comes again nowhere, and no input that was erased back', async () => {
    await withDatabase(async ({ serving, owner }) => {
      const lines = await spoolLines(3);
      const delivery = createDelivery(serving);
      await delivery.deliver(lines, NEVER);
      await owner.query('delete from decision_inputs');
      await delivery.deliver(lines, NEVER);
      await delivery.deliver([...lines, ...lines], NEVER);

      const { rows } = await owner.query(
        'select (select count(*) from decisions) as records, (select count(*) from decision_inputs) as inputs',
      );
      expect(rows).toEqual([{ records: '3', inputs: '0' }]);
      expect(await verifyChains(serving, 'all')).toMatchObject({ records: 3, findings: [] });
    });
  });

  test('takes whatever text a caller may write, NUL and huge identifiers included', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (folder) => {
        const keyring = await newKeyring(folder);
        const ledger = await open({ directory: join(folder, 'spool'), keyring, pool: serving });
        const id = `a\0b\\u0000"'\t\n${'é'.repeat(30_000)}`;
        const found = await record(
          ledger,
          decision({ principal: { type: 'Agent', id }, message: '\0', request_id: '\ud800' }),
        );
        await ledger.flush(10_000);

        expect(ledger.stats().delivery).toMatchObject({ refused: 0, delivered: 1 });
        const { records } = await queryDecisions(serving, 'all', { principal: `Agent::"${id}"` });
        expect(records.map(({ decision_id }) => decision_id)).toEqual([found]);
        expect(JSON.parse(records[0]?.record ?? '')).toMatchObject({ principal: { type: 'Agent', id } });
        expect(await verifyChains(serving, 'all')).toMatchObject({ records: 1, findings: [] });
        await ledger.close();
      }),
    );
  });

  test.each<[string, (text: string) => SpoolRecord]>([
    ['is no JSON', () => ({ text: '{', input: null })],
    [
      'has no valid id',
      (text) => ({ text: text.replace(/"decision_id":"[^"]*"/, '"decision_id":"x"'), input: null }),
    ],
    [
      'has a time that is none',
      (text) => ({ text: text.replace(/"time":"[^"]*"/, '"time":"soon"'), input: null }),
    ],
    ['no index can take', (text) => ({ text: text.replace('"default"', `"${noise(9_000)}"`), input: null })],
    ['has an input that is none', (text) => ({ text, input: '{"kek_id":1}' })],
  ])('keeps a line that %s as bytes, and the others go on', async (_why, spoil) => {
    await withDatabase(async ({ serving }) => {
      const lines = await spoolLines(7);
      const spoiled = spoil(recordOf(lines[3]).text);
      const delivery = createDelivery(serving);
      await delivery.deliver(lines.with(3, { kind: 'record', record: spoiled }), NEVER);

      expect(delivery.stats()).toMatchObject({ delivered: 6, refused: 1, problem: null });
      const { rows } = await serving.query<{ line: Buffer }>('select line from refused_records');
      expect(rows.map(({ line }) => line.toString())).toEqual([encodeLine(spoiled.text, spoiled.input)]);
    });
  });

  test('waits for as long as Postgres does not answer, loses nothing and says why it waits', async () => {
    await withFolder(async (folder) => {
      const dataDir = join(folder, 'postgres');
      const first = await startEmbeddedPostgres({ dataDir, disposable: true });
      await migrate(first.owner);
      const pool = createPool({ connection: first.serving });
      const keyring = await newKeyring(folder);
      const ledger = await open({ directory: join(folder, 'spool'), keyring, pool });
      const ids: string[] = [];
      const load = new AbortController();
      const loaded = Promise.all(
        Array.from({ length: 8 }, async () => {
          while (!load.signal.aborted) {
            ids.push(await record(ledger, decision()));
            await sleep(2);
          }
        }),
      );

      await sleep(300);
      await first.stop();
      await sleep(1_500);
      const { delivery, waitingRecords } = ledger.stats();
      expect(delivery?.problem).toBe('the database is not available');
      expect(delivery?.oldestMs).toBeGreaterThan(1_000);
      expect(waitingRecords).toBeGreaterThan(0);

      const second = await startEmbeddedPostgres({ dataDir, disposable: true });
      await sleep(300);
      load.abort();
      await loaded;
      expect(await ledger.flush(15_000)).toBe(true);
      await ledger.close();
      const { rows } = await pool.query<{ decision_id: string }>('select decision_id from decisions');
      expect(rows.map(({ decision_id }) => decision_id).sort()).toEqual(ids.toSorted());
      expect(await verifyChains(pool, 'all')).toMatchObject({ records: ids.length, chains: 1, findings: [] });
      await pool.end();
      await second.stop();
    });
  });

  test('keeps the spool for the next process where Postgres stays away', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (folder) => {
        const keyring = await newKeyring(folder);
        const directory = join(folder, 'spool');
        const nowhere = createPool({ connection: 'postgres://nobody@127.0.0.1:1/none' });
        const ledger = await open({ directory, keyring, pool: nowhere });
        const id = await record(ledger, decision());
        expect(await ledger.flush(300)).toBe(false);
        await ledger.close();
        await nowhere.end();

        const next = await open({ directory, keyring, pool: serving });
        expect(await next.flush(10_000)).toBe(true);
        expect((await getDecision(serving, 'all', id)).decision_id).toBe(id);
        await next.close();
      }),
    );
  });
});

function recordOf(line: SpoolLine | undefined) {
  if (line?.kind !== 'record') throw new Error('no record');

  return line.record;
}

/** Text that does not compress. */
function noise(length: number): string {
  return Array.from({ length }, () => Math.random().toString(36).charAt(2)).join('');
}
