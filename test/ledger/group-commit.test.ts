import { describe, expect, test } from 'vitest';
import { decision } from './support/entries.ts';
import { createFailingFiles, type FailingFiles } from './support/failing-files.ts';
import { record, withLedger } from './support/ledgers.ts';
import { readSpoolRecords, spoolFolders } from './support/spool.ts';

const FAILURES: readonly FailingFiles['fault'][] = ['write', 'short write', 'sync', 'truncate and write'];

describe('concurrent records', () => {
  test('share one write and one fsync', async () => {
    const files = createFailingFiles();
    await withLedger({ files }, async (ledger) => {
      await record(ledger, decision());
      const before = { writes: files.writes, syncs: files.syncs };
      await Promise.all(Array.from({ length: 200 }, () => record(ledger, decision())));

      expect(files.writes - before.writes).toBe(1);
      expect(files.syncs - before.syncs).toBe(1);
      expect(ledger.stats()).toMatchObject({ recorded: 201, groups: 2 });
    });
  });

  test('gather while a group is being written', async () => {
    const files = createFailingFiles();
    await withLedger({ files }, async (ledger) => {
      await record(ledger, decision());
      const gate = Promise.withResolvers<void>();
      files.gate = gate.promise;
      const first = record(ledger, decision());
      await new Promise(setImmediate);
      const writes = files.writes;
      const others = Array.from({ length: 50 }, () => record(ledger, decision()));
      await new Promise(setImmediate);
      expect(files.writes).toBe(writes);

      gate.resolve();
      await Promise.all([first, ...others]);
      expect(files.writes).toBe(writes + 1);
    });
  });

  test('stand in one unbroken chain, in the order in which they came', async () => {
    await withLedger({}, async (ledger, directory) => {
      const ids: string[] = [];
      for (let group = 0; group < 10; group += 1) {
        ids.push(...(await Promise.all(Array.from({ length: 20 }, () => record(ledger, decision())))));
      }

      const records = await readSpoolRecords(directory);
      expect(records.map(({ decision_id }) => decision_id)).toEqual(ids);
      expect(records.map(({ process }) => process.seq)).toEqual(ids.map((_id, index) => BigInt(index)));
    });
  });

  test('wait for fsync at level durable and not at level flushed', async () => {
    for (const [level, expected] of [
      ['durable', 3],
      ['flushed', 0],
    ] as const) {
      const files = createFailingFiles();
      await withLedger({ files, level }, async (ledger) => {
        await record(ledger, decision());
        const before = files.syncs;
        for (let index = 0; index < 3; index += 1) await record(ledger, decision());

        expect(files.syncs - before).toBe(expected);
      });
    }
  });
});

describe.each(FAILURES)('a failed group (%s)', (fault) => {
  test('fails exactly its records, seals the segment, and the chain goes on', async () => {
    const files = createFailingFiles();
    await withLedger({ files }, async (ledger, directory) => {
      const before = await Promise.all(Array.from({ length: 5 }, () => record(ledger, decision())));
      files.fault = fault;
      const failed = await Promise.allSettled(Array.from({ length: 5 }, () => record(ledger, decision())));
      files.fault = 'none';
      const after = await Promise.all(Array.from({ length: 5 }, () => record(ledger, decision())));

      for (const result of failed) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
      }
      const records = await readSpoolRecords(directory);
      expect(records.map(({ decision_id }) => decision_id)).toEqual([...before, ...after]);
      expect(records.map(({ process }) => process.seq)).toEqual(
        records.map((_record, index) => BigInt(index)),
      );
      expect(ledger.stats()).toMatchObject({ sealed: 1, recorded: 10 });
    });
  });

  test('is refused while the disk keeps failing, without filling it, and recovers', async () => {
    const files = createFailingFiles();
    await withLedger({ files }, async (ledger, directory) => {
      const kept = [await record(ledger, decision())];
      files.fault = fault;
      for (let index = 0; index < 50; index += 1) {
        await expect(record(ledger, decision())).rejects.toMatchObject({ code: 'unavailable' });
        await new Promise(setImmediate);
      }
      files.fault = 'none';
      const attempts = await recordUntilTaken(ledger);
      kept.push(attempts.id);

      expect(ledger.stats().sealed).toBeLessThan(10);
      expect((await readSpoolRecords(directory)).map(({ decision_id }) => decision_id)).toEqual(kept);
    });
  });
});

describe('a group that cannot be acknowledged', () => {
  test('is one whose folder was moved away: whoever moved it has all that was acknowledged', async () => {
    const { rename } = await import('node:fs/promises');
    await withLedger({}, async (ledger, directory) => {
      const kept = await record(ledger, decision());
      const [folder = ''] = await spoolFolders(directory);
      await rename(folder, `${folder}~elsewhere`);

      await expect(record(ledger, decision())).rejects.toMatchObject({ code: 'unavailable' });
      await expect(record(ledger, decision())).rejects.toMatchObject({ code: 'unavailable' });
      const found = (await readSpoolRecords(directory)).map(({ decision_id }) => decision_id);
      expect(found[0]).toBe(kept);
    });
  });

  test('is one after the ledger was closed', async () => {
    await withLedger({}, async (ledger) => {
      await ledger.close();

      await expect(record(ledger, decision())).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
});

async function recordUntilTaken(ledger: Parameters<typeof record>[0]): Promise<{ id: string }> {
  for (;;) {
    try {
      return { id: await record(ledger, decision()) };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
