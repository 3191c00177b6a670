import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMoverThread } from '../../services/ledger/mover/thread.ts';
import { getInput } from '../../services/ledger/query.ts';
import { verifyChains } from '../../services/ledger/verify.ts';
import { withDatabase } from '../support/postgres.ts';
import { decision, INPUT } from './support/entries.ts';
import { newKeyring, open, record, withFolder } from './support/ledgers.ts';

const NEVER = new AbortController().signal;
/** Nothing listens there. */
const NO_DATABASE = 'postgres://nobody@127.0.0.1:1/none';

describe('the thread that moves records', () => {
  test('brings them and their inputs to Postgres, and counts them', async () => {
    await withDatabase(async ({ serving, servingUrl: connection }) =>
      withFolder(async (folder) => {
        const keyring = await newKeyring(folder);
        const ledger = await open({ directory: join(folder, 'spool'), keyring, pool: serving, connection });
        const ids = await Promise.all(Array.from({ length: 250 }, () => record(ledger, decision())));

        expect(await ledger.flush(20_000)).toBe(true);
        expect(ledger.stats()).toMatchObject({
          waitingRecords: 0,
          delivery: { delivered: 250, oldestMs: null, problem: null },
        });
        expect(await getInput(serving, ['default'], keyring, ids[249] ?? '')).toBe(INPUT);
        expect(await verifyChains(serving, 'all')).toMatchObject({ records: 250, findings: [] });
        await ledger.close();
      }),
    );
  });

  test('says why Postgres does not take them, and ends all the same', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (folder) => {
        const keyring = await newKeyring(folder);
        const connection = NO_DATABASE;
        const ledger = await open({ directory: join(folder, 'spool'), keyring, pool: serving, connection });
        await record(ledger, decision());

        await expect
          .poll(() => ledger.stats().delivery, { timeout: 10_000 })
          .toMatchObject({ delivered: 0, problem: 'the database is not available' });
        expect(ledger.stats().delivery?.oldestMs).toBeGreaterThan(0);
        expect(ledger.stats().waitingRecords).toBe(1);
        await ledger.close();
      }),
    );
  });

  test('tells that a segment is gone as the file system does', async () => {
    const mover = createMoverThread(NO_DATABASE);
    const gone = { segment: 1, path: '/nowhere/0000000001.spool', bytes: 100 };

    await expect(mover.move(gone, 0, NEVER)).rejects.toMatchObject({ code: 'ENOENT' });
    await mover.close();
  });

  test('fails the batch that it dies with, and another thread takes the next one', async () => {
    await withFolder(async (folder) => {
      const keyring = await newKeyring(folder);
      const ledger = await open({ directory: join(folder, 'spool'), keyring });
      await record(ledger, decision());
      const mover = createMoverThread(NO_DATABASE);
      const [name] = readdirSync(join(folder, 'spool'));
      const path = join(folder, 'spool', name ?? '', '0000000001.spool');
      const moving = mover.move({ segment: 1, path, bytes: ledger.stats().spoolBytes }, 0, NEVER);
      await expect.poll(() => mover.stats().problem, { timeout: 10_000 }).not.toBeNull();
      await mover.close();

      await expect(moving).rejects.toThrow('the thread that moves records ended');
      await expect(mover.move({ segment: 1, path: '/nowhere', bytes: 1 }, 0, NEVER)).rejects.toMatchObject({
        code: 'ENOENT',
      });
      await mover.close();
      await ledger.close();
    });
  });
});
