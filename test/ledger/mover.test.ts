import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMover } from '../../services/ledger/mover/mover.ts';
import { leftExtents, type SegmentExtent } from '../../services/ledger/spool/segment.ts';
import type { Database } from '../../services/store/database.ts';
import { query } from '../../services/store/pool.ts';
import { withDatabase } from '../support/postgres.ts';
import { decision } from './support/entries.ts';
import { newKeyring, open, record, withFolder } from './support/ledgers.ts';
import { spoolFolders } from './support/spool.ts';

const RECORDS = 450;
const TORN = 'the beginning of a li';
const NEVER = new AbortController().signal;

describe('a move', () => {
  test('brings the records of several inserts, and then tells of an unfinished line at the end', async () => {
    await withDatabase(async ({ serving }) =>
      withSegment(async (extent) => {
        const mover = createMover(serving);
        const whole = { lines: RECORDS, end: extent.bytes - TORN.length, tornBytes: 0 };

        expect(await mover.move(extent, 0, NEVER)).toEqual(whole);
        expect(await mover.move(extent, whole.end, NEVER)).toEqual({
          lines: 0,
          end: whole.end,
          tornBytes: TORN.length,
        });
        expect(await query(serving, 'select count(*)::int as rows from decisions')).toEqual([
          { rows: RECORDS },
        ]);
      }),
    );
  });

  test('that is stopped between two inserts says how far it came', async () => {
    await withDatabase(async ({ serving }) =>
      withSegment(async (extent) => {
        const stop = new AbortController();
        const stopping: Database = {
          async query(statement, values) {
            const result = await serving.query(statement, values);
            stop.abort();

            return result as never;
          },
        };
        const moved = await createMover(stopping).move(extent, 0, stop.signal);

        expect(moved.lines).toBeGreaterThan(0);
        expect(moved.lines).toBeLessThan(RECORDS);
        expect(await query(serving, 'select count(*)::int as rows from decisions')).toEqual([
          { rows: moved.lines },
        ]);
      }),
    );
  });

  test('that is stopped before its first insert fails, so that nobody takes the segment for moved', async () => {
    await withDatabase(async ({ serving }) =>
      withSegment(async (extent) => {
        await expect(createMover(serving).move(extent, 0, AbortSignal.abort())).rejects.toThrow('aborted');
      }),
    );
  });
});

/** A segment of one chain, with a line at its end that was not finished. */
async function withSegment(body: (extent: SegmentExtent) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const directory = join(folder, 'spool');
    const ledger = await open({ directory, keyring: await newKeyring(folder) });
    await Promise.all(Array.from({ length: RECORDS }, () => record(ledger, decision())));
    await ledger.close();

    const [left] = await leftExtents((await spoolFolders(directory))[0] ?? '');
    if (left === undefined) throw new Error('no segment');
    await appendFile(left.path, TORN);
    await body({ ...left, bytes: left.bytes + TORN.length });
  });
}
