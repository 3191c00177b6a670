import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import type { Account } from './account.ts';

const MAX_LOG_BYTES = 16 * 1024 * 1024;

/** Opens the server's log for appending, mode 0600; one that has grown over 16 MiB is first renamed to `….old`. */
export async function openServerLog(file: string, account: Account): Promise<FileHandle> {
  const size = await stat(file).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size > MAX_LOG_BYTES) await rename(file, `${file}.old`);

  const log = await open(file, 'a', 0o600);
  // So that the folder's owner can go on with it when root no longer runs the server for him.
  if (account.kind === 'account') await log.chown(account.uid, account.gid);

  return log;
}
