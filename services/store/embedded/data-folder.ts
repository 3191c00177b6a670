import { execFile } from 'node:child_process';
import { chown, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { PdpError } from '../../engine/error.ts';
import { commandAs } from './account.ts';
import { isAlive } from './liveness.ts';
import type { Place } from './place.ts';

const run = promisify(execFile);

/** The account that owns the embedded database and runs its migrations. */
export const OWNER_ROLE = 'palisade_owner';

/** initdb takes about half a second; a slow disk may need longer. */
const INITDB_TIMEOUT_MS = 60_000;

/**
 * Makes the data folder a database cluster of this PostgreSQL version, unless it is one already.
 * Everybody who reaches the socket is trusted: it lies in a folder that only the account of the server may enter, and
 * who can enter it can read the files of the database as well. No TCP port is open, and pg_hba refuses TCP besides.
 * The builtin C.UTF-8 locale sorts the same everywhere, so no system update can disorder an index.
 * @throws PdpError `unavailable` with the remedy: something else is in the folder, or another version's cluster.
 */
export async function initialiseDataFolder(place: Place, major: string, disposable: boolean): Promise<void> {
  const entries = await readdir(place.dataDir);
  if (entries.length > 0) return requireCluster(place.dataDir, major);

  // Made beside and renamed, so that a cluster is there whole or not at all, also after SIGKILL and for two at once.
  const fresh = `${place.dataDir}.init-${process.pid}`;
  await removeAbandoned(place.dataDir);
  await mkdir(fresh, { mode: 0o700 });
  try {
    if (place.account.kind === 'account') await chown(fresh, place.account.uid, place.account.gid);
    await initdb(place, fresh, disposable);
    await rename(fresh, place.dataDir);
    if (!disposable) await syncFolder(path.dirname(place.dataDir));
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (!isOvertaken(error)) throw error;
  }
}

async function requireCluster(dataDir: string, major: string): Promise<void> {
  const version = await readFile(path.join(dataDir, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version === undefined) {
    throw new PdpError(
      'unavailable',
      `${dataDir} is neither empty nor a database folder: move it away, or choose another folder`,
    );
  }

  if (version.trim() !== major) {
    throw new PdpError(
      'unavailable',
      `${dataDir} was written by PostgreSQL ${version.trim()}, and this is ${major}: start the older Palisade and move the data with pg_dump, or choose another folder`,
    );
  }
}

async function initdb(place: Place, folder: string, disposable: boolean): Promise<void> {
  const settings = ['-D', folder, '--no-instructions', `--username=${OWNER_ROLE}`, '--encoding=UTF8'];
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--auth-local=trust', '--auth-host=reject'];
  const sync = disposable ? ['--no-sync'] : [];
  const program = path.join(place.nativeDir, 'bin', 'initdb');
  const { file, args, options } = commandAs(
    place.account,
    program,
    [...settings, ...locale, ...access, ...sync],
    folder,
  );

  await run(file, args, { ...options, timeout: INITDB_TIMEOUT_MS }).catch((cause: unknown) => {
    throw new PdpError(
      'unavailable',
      `cannot make the database in ${place.dataDir}: ${initdbComplaint(cause)}`,
      { cause },
    );
  });
}

/** Without this a power cut could take the rename back, and the next start would begin with an empty database. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What initdb itself says; it speaks of folders and never of data. */
function initdbComplaint(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';

  return stderr.split('\n').join(' ') || 'initdb did not run';
}

/** What starts that were killed left behind; one of them may have had our process id. */
async function removeAbandoned(dataDir: string): Promise<void> {
  const parent = path.dirname(dataDir);
  const prefix = `${path.basename(dataDir)}.init-`;
  const left = (await readdir(parent)).filter((name) => name.startsWith(prefix));
  for (const name of left) {
    const pid = Number(name.slice(prefix.length));
    if (pid !== process.pid && isAlive(pid)) continue;

    await rm(path.join(parent, name), { recursive: true, force: true });
  }
}

/** Another start of the same folder was first: its cluster is as good. */
function isOvertaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST');
}
