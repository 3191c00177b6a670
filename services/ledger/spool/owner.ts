import { open, readFile, readlink, rename, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/** One process of one kernel boot, told apart even where process ids come again. */
const identity = {
  host: z.string(),
  /** The kernel's boot (/proc/sys/kernel/random/boot_id); null where there is no such file. */
  boot_id: z.string().nullable(),
  /** Process ids mean something within one namespace only; null where there is none. */
  pid_namespace: z.string().nullable(),
  pid: z.int(),
  /** Field 22 of /proc/<pid>/stat, clock ticks since the boot; null where there is no such file. */
  process_start_time: z.string().nullable(),
};

const spoolOwner = z.strictObject({
  ...identity,
  created_at: z.iso.datetime(),
  /** Set when the owner closed the folder with records left in it. */
  closed_at: z.iso.datetime().nullable(),
});

export type ProcessIdentity = z.infer<z.ZodObject<typeof identity>>;
export type SpoolOwner = z.infer<typeof spoolOwner>;

/** Whether a folder's owner still runs; `foreign` where that cannot be known from here. */
export type OwnerState = 'alive' | 'gone' | 'foreign';

/** An owner that this process cannot look up by pid counts as gone after so long without a sign of life. */
const SIGN_OF_LIFE_MS = 60_000;

export async function identifyThisProcess(): Promise<ProcessIdentity> {
  return {
    host: hostname(),
    boot_id: await readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
      (text) => text.trim(),
      () => null,
    ),
    pid_namespace: await readlink('/proc/self/ns/pid').catch(() => null),
    pid: process.pid,
    process_start_time: await startTimeOf(process.pid),
  };
}

/** Writes the owner file whole: a reader sees the old one or the new one, also after a power loss. */
export async function writeOwner(folder: string, owner: SpoolOwner): Promise<void> {
  const draft = join(folder, `owner.json.${owner.pid}`);
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(owner)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, ownerPath(folder));
}

/** Reads a folder's owner; `undefined` where there is none or it is malformed. */
export async function readOwner(folder: string): Promise<SpoolOwner | undefined> {
  try {
    return spoolOwner.parse(JSON.parse(await readFile(ownerPath(folder), 'utf8')));
  } catch {
    return undefined;
  }
}

/** The sign of life for those who cannot see this process: the owner file's modification time. */
export async function signOfLife(folder: string): Promise<void> {
  const now = new Date();
  await utimes(ownerPath(folder), now, now);
}

/**
 * Judges whether a folder's owner still runs.
 * @param lostHosts hosts that an operator declared gone for good.
 */
export async function ownerState(
  folder: string,
  owner: SpoolOwner,
  me: ProcessIdentity,
  lostHosts: readonly string[],
): Promise<OwnerState> {
  if (owner.closed_at !== null) return 'gone';
  if (owner.host !== me.host) return lostHosts.includes(owner.host) ? 'gone' : 'foreign';
  if (owner.boot_id !== me.boot_id) return 'gone';
  if (owner.pid_namespace !== me.pid_namespace)
    return (await silentFor(folder)) > SIGN_OF_LIFE_MS ? 'gone' : 'alive';
  if (!processExists(owner.pid)) return 'gone';

  // Where the process exists and is hidden from this one, nothing says that it is another.
  const started = await startTimeOf(owner.pid);
  return started === null || started === owner.process_start_time ? 'alive' : 'gone';
}

function ownerPath(folder: string): string {
  return join(folder, 'owner.json');
}

async function silentFor(folder: string): Promise<number> {
  const { mtimeMs } = await stat(ownerPath(folder));
  return Date.now() - mtimeMs;
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists, under another account.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function startTimeOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);

  // The command name, in parentheses, may hold spaces and parentheses: count from the last one. It ends field 2.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[22 - 3] ?? null;
}
