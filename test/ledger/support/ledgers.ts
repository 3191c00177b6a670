import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyring, type Keyring, readKeyring } from '../../../services/ledger/keyring.ts';
import { type Ledger, type LedgerOptions, openLedger } from '../../../services/ledger/ledger.ts';
import type { RecordEntry } from '../../../services/ledger/record.ts';
import { INPUT } from './entries.ts';

/** A folder that is gone afterwards. */
export async function withFolder<Result>(body: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'palisade-ledger-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function newKeyring(folder: string): Promise<Keyring> {
  const path = join(folder, 'keyring.json');
  await createKeyring(path);
  return readKeyring(path);
}

export type TestLedgerOptions = Partial<LedgerOptions> & Pick<LedgerOptions, 'directory' | 'keyring'>;

export function open(options: TestLedgerOptions): Promise<Ledger> {
  return openLedger({
    level: 'durable',
    pool: undefined,
    capBytes: 64 * 1024 * 1024,
    processId: 'test',
    ...options,
  });
}

/** A ledger without Postgres in a spool of its own; closed afterwards. */
export async function withLedger<Result>(
  options: Partial<LedgerOptions>,
  body: (ledger: Ledger, directory: string) => Promise<Result>,
): Promise<Result> {
  return withFolder(async (folder) => {
    const directory = options.directory ?? join(folder, 'spool');
    const ledger = await open({ directory, keyring: await newKeyring(folder), ...options });
    try {
      return await body(ledger, directory);
    } finally {
      await ledger.close();
    }
  });
}

/** Reserves and appends, as the decision path does. */
export async function record(
  ledger: Ledger,
  entry: RecordEntry,
  input: string | null = INPUT,
): Promise<string> {
  await ledger.append(entry, input, ledger.reserve(8_192 + 4 * (input?.length ?? 0)));
  return entry.decision_id;
}
