import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DecisionRecord, readRecord } from '../../../services/ledger/record.ts';
import { leftExtents, readBatch, type SpoolLine } from '../../../services/ledger/spool/segment.ts';
import { decision } from './entries.ts';
import { newKeyring, open, record, withFolder } from './ledgers.ts';

/** Lines of one chain as a spool holds them. */
export async function spoolLines(count: number, at = Date.now()): Promise<SpoolLine[]> {
  return withFolder(async (folder) => {
    const directory = join(folder, 'spool');
    const ledger = await open({ directory, keyring: await newKeyring(folder) });
    await Promise.all(Array.from({ length: count }, () => record(ledger, decision({}, at))));
    await ledger.close();
    return readSpool(directory);
  });
}

/** Every line that counts in the folders of a spool, as whoever takes them over would read them. */
export async function readSpool(directory: string): Promise<SpoolLine[]> {
  const lines: SpoolLine[] = [];

  for (const folder of await spoolFolders(directory)) {
    for (const extent of await leftExtents(folder)) {
      for (let offset = 0; ; ) {
        const batch = await readBatch(extent, offset, 100);
        lines.push(...batch.lines);
        if (batch.end === offset) break;
        offset = batch.end;
      }
    }
  }

  return lines;
}

export async function readSpoolRecords(directory: string): Promise<DecisionRecord[]> {
  const lines = await readSpool(directory);
  return lines.map((line) => {
    if (line.kind === 'damaged') throw new Error('a damaged line');

    return readRecord(line.record.text);
  });
}

export async function spoolFolders(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
}
