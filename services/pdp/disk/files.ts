import { constants } from 'node:fs';
import { lstat, mkdir, open } from 'node:fs/promises';
import { replacePrivateFile } from '../../ledger/private-file.ts';
import { SnapshotError } from './snapshot-error.ts';

/** What keeping a snapshot asks of a file system; the tests have one that is full. */
export interface SnapshotFiles {
  /** Puts a file of mode 0600 in place of another: a reader finds the old one or the new one, also after a power loss. */
  replace(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
}

export const snapshotFiles: SnapshotFiles = { replace: replacePrivateFile };

/** Makes a folder that nobody else may enter. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/**
 * Sees to it that a folder is this account's own, and no link.
 * @param uid the account. Default: of this process.
 * @throws SnapshotError
 */
export async function assertOwnFolder(path: string, uid = process.geteuid?.()): Promise<void> {
  const stats = await lstat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (!stats.isDirectory()) throw new SnapshotError(`${path} is no folder`);
  assertOwn(path, stats, uid);
}

/**
 * Reads a file that only this account can have written: a plain one, its own, closed to others, and no longer than it may be.
 * @throws SnapshotError which says what of that does not hold.
 */
export async function readOwnFile(
  path: string,
  mostBytes: number,
  uid = process.geteuid?.(),
): Promise<Buffer> {
  // Never through a link, and never waiting for a pipe's other end.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new SnapshotError(`${path} is no plain file`);
    assertOwn(path, stats, uid);
    if (stats.size > mostBytes) throw new SnapshotError(`${path} is larger than ${mostBytes} bytes`);

    // One that grows meanwhile is cut, and does not open then.
    const bytes = Buffer.alloc(stats.size);
    const { bytesRead } = await file.read(bytes, 0, stats.size, 0);

    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function assertOwn(
  path: string,
  { uid: owner, mode }: { uid: number; mode: number },
  uid: number | undefined,
): void {
  if (uid !== undefined && owner !== uid) {
    throw new SnapshotError(`${path} belongs to account ${owner}, and this process is ${uid}`);
  }
  if ((mode & 0o077) !== 0)
    throw new SnapshotError(`${path} is open to group or others: chmod go-rwx ${path}`);
}

function unreadable(path: string, cause: unknown): SnapshotError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new SnapshotError(`there is no ${path}`, cause);
  if (code === 'ELOOP') return new SnapshotError(`${path} is a link`, cause);

  return new SnapshotError(`${path} cannot be read (${code})`, cause);
}
