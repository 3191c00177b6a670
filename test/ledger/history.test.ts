import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Past, readHistory, readPast } from '../../services/ledger/history.ts';
import { createInputOpener } from '../../services/ledger/input.ts';
import type { Keyring } from '../../services/ledger/keyring.ts';
import type { Ledger } from '../../services/ledger/ledger.ts';
import { uuidAt } from '../../services/store/decision-partitions.ts';
import type { ReplayRange, ReplayRow } from '../../services/store/replay-rows.ts';
import { countReplayRows, newestOf } from '../../services/store/replay-rows.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';
import { decision, INPUT, refusal } from './support/entries.ts';
import { newKeyring, open, record, withFolder } from './support/ledgers.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const MINUTE = 60_000;
const RANGE: ReplayRange = { store: 'default', from: uuidAt(0), before: uuidAt(NOW + 1) };

interface Log {
  readonly database: OpenTestDatabase;
  readonly keyring: Keyring;
  readonly ledger: Ledger;
}

function withLog(body: (log: Log) => Promise<void>): Promise<void> {
  return withDatabase(async (database) =>
    withFolder(async (folder) => {
      const keyring = await newKeyring(folder);
      const ledger = await open({ directory: join(folder, 'spool'), keyring, pool: database.serving });
      await body({ database, keyring, ledger });
      await ledger.close();
    }),
  );
}

async function pagesOf({ database }: Log, range = RANGE): Promise<(readonly ReplayRow[])[]> {
  return Array.fromAsync(readHistory(database.serving, range));
}

async function pastOf(log: Log, keyring = log.keyring): Promise<Past[]> {
  const opener = createInputOpener(keyring);

  return (await pagesOf(log)).flat().map((row) => readPast(row, opener));
}

const reasonsOf = (past: readonly Past[]) =>
  past.map((one) => (one.decision === undefined ? one.lost : one.input));

describe('a record of the past', () => {
  test('comes with its input, or with the reason why there is none', async () => {
    await withLog(async (log) => {
      const { ledger, database } = log;
      const at = (minutes: number) => NOW - minutes * MINUTE;
      await record(ledger, decision({}, at(8)), INPUT);
      await record(ledger, decision({}, at(7)), null);
      await record(ledger, refusal({ store: 'default' }, at(6)), null);
      await record(ledger, refusal({ store: 'default' }, at(5)), INPUT);
      const erased = await record(ledger, decision({}, at(4)));
      const altered = await record(ledger, decision({}, at(3)));
      const exchanged = await record(ledger, decision({}, at(2)));
      const unknown = await record(ledger, decision({}, at(1)));
      await ledger.flush(5_000);
      await database.owner.query('delete from decision_inputs where decision_id = $1', [erased]);
      await database.owner.query(
        `update decision_inputs set ciphertext = ciphertext || '\\x00' where decision_id = $1`,
        [altered],
      );
      await database.owner.query(
        `update decision_inputs i set wrapped_key = o.wrapped_key, nonce = o.nonce, ciphertext = o.ciphertext
         from decision_inputs o where i.decision_id = $1 and o.decision_id = $2`,
        [exchanged, unknown],
      );
      await database.owner.query(
        `update decisions set record = replace(record, '"record_version":1', '"record_version":2') where decision_id = $1`,
        [unknown],
      );

      expect(reasonsOf(await pastOf(log))).toEqual([
        'record_unreadable',
        'input_altered',
        'input_altered',
        'input_erased',
        'not_decided',
        'not_decided',
        'input_not_kept',
        INPUT,
      ]);
    });
  });

  test('says that a key is missing, and not that its input was altered', async () => {
    await withLog(async (log) => {
      await record(log.ledger, decision({}, NOW - MINUTE));
      await log.ledger.flush(5_000);
      const other = await withFolder(newKeyring);

      expect(reasonsOf(await pastOf(log, other))).toEqual(['key_missing']);
    });
  });
});

describe('a range', () => {
  test('is read in bounded pages, the newest first, each record once', async () => {
    await withLog(async (log) => {
      const huge = 'x'.repeat(3 * 1024 * 1024);
      const times = [5, 4, 3, 2, 1].map((minutes) => NOW - minutes * MINUTE);
      for (const time of times) await record(log.ledger, decision({}, time), huge);
      await log.ledger.flush(5_000);
      const pages = await pagesOf(log);

      expect(pages.map((page) => page.length)).toEqual([3, 2]);
      const ids = pages.flat().map(({ decision_id }) => decision_id);
      expect(ids).toEqual([...new Set(ids)].sort().reverse());
      for (const limit of [1, 4, 5, 6]) {
        const newest = await newestOf(log.database.serving, RANGE, limit);
        expect((await pagesOf(log, newest)).flat().map(({ decision_id }) => decision_id)).toEqual(
          ids.slice(0, limit),
        );
      }
    });
  });

  test('falls into shares, and each record is in one of them', async () => {
    await withLog(async (log) => {
      for (let index = 0; index < 40; index += 1) await record(log.ledger, decision({}, NOW - MINUTE));
      await log.ledger.flush(5_000);
      const idsOf = async (range: ReplayRange) =>
        (await pagesOf(log, range)).flat().map(({ decision_id }) => decision_id);
      const shares = await Promise.all(
        [0, 1, 2].map((index) => idsOf({ ...RANGE, share: { index, of: 3 } })),
      );

      expect(shares.flat().toSorted()).toEqual((await idsOf(RANGE)).toSorted());
      for (const [index, share] of shares.entries()) {
        expect(share.length).toBeGreaterThan(0);
        const range = { ...RANGE, share: { index, of: 3 } };
        expect(await countReplayRows(log.database.serving, range)).toBe(share.length);
      }
    });
  });

  test('begins and ends at its times, and is of one store', async () => {
    await withLog(async (log) => {
      for (const minutes of [3, 2, 1]) await record(log.ledger, decision({}, NOW - minutes * MINUTE));
      await record(log.ledger, decision({ store: 'other' }, NOW - 2 * MINUTE));
      await log.ledger.flush(5_000);
      const range = { ...RANGE, from: uuidAt(NOW - 2 * MINUTE), before: uuidAt(NOW - MINUTE) };

      const rows = (await pagesOf(log, range)).flat();
      expect(rows.map(({ record: text }) => JSON.parse(text))).toMatchObject([{ store: 'default' }]);
      expect(await countReplayRows(log.database.serving, range)).toBe(1);
      expect(await countReplayRows(log.database.serving, RANGE)).toBe(3);
      expect(await pagesOf(log, { ...RANGE, store: 'none' })).toEqual([]);
    });
  });
});
