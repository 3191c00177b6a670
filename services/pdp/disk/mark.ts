import { z } from 'zod';
import type { Keyring } from '../../ledger/keyring.ts';
import { readOwnFile, type SnapshotFiles } from './files.ts';
import { MOMENT } from './moment.ts';
import type { SnapshotPlace } from './place.ts';
import { seal, unseal } from './sealed.ts';
import { SnapshotError } from './snapshot-error.ts';
import { readTaggedJson, taggedJson } from './tagged-json.ts';

/**
 * How far the snapshot of a server has come: a state of an earlier generation is not loaded any more. It is small, and so it is also
 * what says, every few seconds, that PostgreSQL has confirmed that state again.
 */
const MARK = z.strictObject({
  installation: z.string(),
  generation: z.bigint().positive(),
  confirmed: MOMENT,
});
export type Mark = z.infer<typeof MARK>;

const MOST_BYTES = 4_096;

/** @throws SnapshotError where there is none, or none of this server's. */
export async function readMark({ mark, server }: SnapshotPlace, keyring: Keyring): Promise<Mark> {
  const text = unseal(keyring, { kind: 'mark', server }, await readOwnFile(mark, MOST_BYTES));
  const { data } = MARK.safeParse(readTaggedJson(text));
  if (data === undefined) throw new SnapshotError('it holds something else than a mark');

  return data;
}

export async function writeMark(
  { mark: path, server }: SnapshotPlace,
  keyring: Keyring,
  mark: Mark,
  files: SnapshotFiles,
): Promise<void> {
  await files.replace(path, [seal(keyring, { kind: 'mark', server }, taggedJson(mark))]);
}
