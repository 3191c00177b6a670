import { constants } from 'node:fs';
import { access, mkdtemp, readdir, readFile, readlink, rm, statfs, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const IN_MEMORY = '/dev/shm';
/** The databases of a run take a third of this at their most; containers often have but 64 MiB there. */
const ENOUGH_BYTES = 1024 ** 3;
const MAKER = 'maker';

/**
 * Makes a folder for databases that are gone with the run: in memory where there is room. A copy of a database is 561 files, which take
 * ext4 0.1 to 0.3 s of CPU and memory 0.02 s.
 */
export async function makeFastFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(path.join((await hasRoom()) ? IN_MEMORY : os.tmpdir(), prefix));
  await writeFile(path.join(folder, MAKER), `${await processes()} ${process.pid}`);

  return folder;
}

/**
 * Removes the folders of runs that were killed together with their reapers. One stays where its maker lives, where any process was
 * started with its name, as a reaper and a PostgreSQL are, or where that cannot be told from here.
 */
export async function clearAbandonedFolders(prefix: string): Promise<void> {
  const visible = await processes();
  if (visible === '') return;

  for (const parent of new Set([IN_MEMORY, os.tmpdir()])) {
    const names = await readdir(parent).catch(() => []);
    for (const name of names.filter((one) => one.startsWith(prefix))) {
      const folder = path.join(parent, name);
      const [seen, maker] = (await textOf(path.join(folder, MAKER))).split(' ');
      if (seen !== visible || maker === undefined || (await isAtWork(maker, folder))) continue;
      // Perhaps another account's, which then clears it.
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

/** Which processes are visible here: those of another container may share the folder, and are not. Empty where there is no /proc. */
function processes(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => '');
}

async function isAtWork(maker: string, folder: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  if (pids.includes(maker)) return true;
  const commands = await Promise.all(pids.map((pid) => textOf(`/proc/${pid}/cmdline`)));

  return commands.some((command) => command.includes(folder));
}

function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

async function hasRoom(): Promise<boolean> {
  // Not where a script measures.
  if (process.env['VITEST'] === undefined) return false;

  try {
    await access(IN_MEMORY, constants.W_OK);
    const { bavail, bsize } = await statfs(IN_MEMORY);

    return Math.min(bavail * bsize, os.freemem()) >= ENOUGH_BYTES;
  } catch {
    return false;
  }
}
