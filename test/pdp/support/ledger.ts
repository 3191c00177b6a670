import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyring, readKeyring } from '../../../services/ledger/keyring.ts';
import { type Ledger, openLedger } from '../../../services/ledger/ledger.ts';
import type { SpoolFiles } from '../../../services/ledger/spool/files.ts';

/** Runs `body` with a decision log that stays in a spool of its own. */
export async function withLedger<T>(
  body: (ledger: Ledger) => Promise<T>,
  capBytes = 64 * 1024 * 1024,
  files?: SpoolFiles,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'palisade-ledger-'));
  try {
    await createKeyring(join(folder, 'keyring.json'));
    const ledger = await openLedger({
      directory: join(folder, 'spool'),
      level: 'flushed',
      keyring: await readKeyring(join(folder, 'keyring.json')),
      pool: undefined,
      capBytes,
      processId: 'test',
      ...(files === undefined ? {} : { files }),
    });
    try {
      return await body(ledger);
    } finally {
      await ledger.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
