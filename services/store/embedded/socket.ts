import { createHash } from 'node:crypto';
import { chown, lstat, mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PdpError } from '../../engine/error.ts';
import type { Account } from './account.ts';

/** What PostgreSQL calls its socket for the port that we leave at its default; nothing listens on that port. */
export const SOCKET_NAME = '.s.PGSQL.5432';

/** `sun_path` without its terminator: 108 bytes on Linux, 104 on macOS (sys/un.h). */
const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/**
 * The folder for the server's socket: the data folder itself, which is private already; where its path is too long,
 * a private folder of the same account under the system's temporary one.
 * @throws PdpError `unavailable` where somebody else already holds that name.
 */
export async function chooseSocketDir(dataDir: string, account: Account): Promise<string> {
  if (fits(dataDir)) return dataDir;

  const owner = account.kind === 'account' ? account.uid : (process.geteuid?.() ?? 0);
  const digest = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const name = `palisade-${owner}-${digest}`;
  const preferred = path.join(os.tmpdir(), name);
  const dir = fits(preferred) ? preferred : path.join('/tmp', name);
  if (await makePrivate(dir, account)) return dir;

  await refuseForeign(dir, owner);

  return dir;
}

function fits(dir: string): boolean {
  return Buffer.byteLength(path.join(dir, SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES;
}

/** Whether it was made now. */
async function makePrivate(dir: string, account: Account): Promise<boolean> {
  try {
    await mkdir(dir, { mode: 0o700 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  if (account.kind === 'account') await chown(dir, account.uid, account.gid);

  return true;
}

/** The temporary folder is everybody's: whoever made this one could serve us a database of his own. */
async function refuseForeign(dir: string, owner: number): Promise<void> {
  const stats = await lstat(dir);
  if (stats.isDirectory() && stats.uid === owner && (stats.mode & 0o077) === 0) return;

  throw new PdpError(
    'unavailable',
    `${dir} is not a private folder of uid ${owner}: remove it and start again`,
  );
}
