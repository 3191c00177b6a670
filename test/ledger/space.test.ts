import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../services/ledger/ledger.ts';
import { decision } from './support/entries.ts';
import { record, withFolder, withLedger } from './support/ledgers.ts';
import { readSpoolRecords } from './support/spool.ts';

const MIB = 1024 * 1024;

describe('a spool at its cap', () => {
  test('refuses before anything is settled, and takes records again where room is given back', async () => {
    await withLedger({ capBytes: MIB }, async (ledger) => {
      const room = ledger.reserve(MIB - 1);

      expect(() => ledger.reserve(2)).toThrow(expect.objectContaining({ code: 'unavailable' }));
      room.release();
      room.release();
      expect(() => ledger.reserve(MIB + 1)).toThrow();
      ledger.reserve(MIB).release();
    });
  });

  test('gives room back when a record fails', async () => {
    await withLedger({ capBytes: MIB }, async (ledger) => {
      const room = ledger.reserve(MIB);
      await ledger.close();

      await expect(ledger.append(decision(), null, room)).rejects.toMatchObject({ code: 'unavailable' });
      ledger.reserve(MIB / 2).release();
    });
  });

  test('counts what is written, and never holds more', async () => {
    await withLedger({ capBytes: 256 * 1024 }, async (ledger) => {
      await expect(recordUntilRefused(ledger)).rejects.toMatchObject({ code: 'unavailable' });

      expect(ledger.stats().spoolBytes).toBeLessThanOrEqual(256 * 1024);
      expect(ledger.stats().recorded).toBeGreaterThan(10);
    });
  });

  test('drops and counts at level async', async () => {
    await withLedger({ capBytes: 64 * 1024, level: 'async' }, async (ledger) => {
      for (let index = 0; index < 100; index += 1) await record(ledger, decision());
      await ledger.flush(1_000);

      const { recorded, dropped, spoolBytes } = ledger.stats();
      expect(dropped).toBeGreaterThan(0);
      expect(recorded + dropped).toBe(100);
      expect(spoolBytes).toBeLessThanOrEqual(64 * 1024);
    });
  });
});

describe.runIf(canMount())('a file system without room', () => {
  test('refuses by its free space, without a write', async () => {
    await withSmallDisk(async (directory) => {
      await withLedger({ directory, capBytes: 1024 * MIB }, async (ledger) => {
        expect(() => ledger.reserve(64 * MIB)).toThrow('no room');
        await expect(recordUntilRefused(ledger)).rejects.toThrow('no room');

        expect(ledger.stats().sealed).toBe(0);
      });
    });
  });

  test('fails a record that finds it full all the same, half-writes none, and recovers when there is room', async () => {
    await withSmallDisk(async (directory) => {
      await withLedger({ directory, capBytes: 1024 * MIB }, async (ledger) => {
        const kept = [await record(ledger, decision())];
        const rooms = Array.from({ length: 40 }, () => ledger.reserve(8_192));
        const ballast = join(directory, 'ballast');
        await fill(ballast);

        const failed = await Promise.allSettled(
          rooms.map((room) => ledger.append(decision(), 'x'.repeat(4_000), room)),
        );
        expect(new Set(failed.map(({ status }) => status))).toEqual(new Set(['rejected']));
        expect((await readSpoolRecords(directory)).map(({ decision_id }) => decision_id)).toEqual(kept);

        await rm(ballast);
        await new Promise((resolve) => setTimeout(resolve, 1_100));
        kept.push(await record(ledger, decision()));
        expect((await readSpoolRecords(directory)).map(({ decision_id }) => decision_id)).toEqual(kept);
      });
    });
  });
});

async function recordUntilRefused(ledger: Ledger): Promise<never> {
  for (;;) await record(ledger, decision());
}

/** Writes until there is no byte left. */
async function fill(path: string): Promise<void> {
  await writeFile(path, Buffer.alloc(8 * MIB)).catch(() => undefined);
}

function canMount(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && attempt(() => mountTrial());
}

function mountTrial(): void {
  execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt'], {
    stdio: 'ignore',
  });
}

function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

async function withSmallDisk(body: (directory: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const directory = join(folder, 'disk');
    await mkdir(directory);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory]);
    try {
      await body(directory);
    } finally {
      execFileSync('umount', ['--lazy', directory]);
    }
  });
}
