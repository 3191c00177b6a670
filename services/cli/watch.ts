import { type Dirent, promises as fs } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often a folder is looked at; a change counts once it has been still for as long. */
const LOOK_EVERY_MS = 250;

/**
 * Runs something, and again after each change of a folder and the folders right in it, until the signal aborts. Looks at names, sizes
 * and times, which works on every file system, and when the folder goes away and comes back. A change while it runs counts.
 * @param run must not throw.
 */
export async function runOnChange(
  path: string,
  run: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const before = await fingerprint(path);
    await run();
    await settledChange(path, before, signal);
  }
}

async function settledChange(path: string, before: string, signal: AbortSignal): Promise<void> {
  for (let last = before; !signal.aborted; ) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    const now = await fingerprint(path);
    if (now !== before && now === last) return;
    last = now;
  }
}

async function fingerprint(path: string): Promise<string> {
  const lines = [await stamp(path)];
  for (const entry of await list(path)) {
    const below = join(path, entry.name);
    lines.push(await stamp(below));
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    for (const inner of await list(below)) lines.push(await stamp(join(below, inner.name)));
  }

  return lines.join('\n');
}

async function list(path: string): Promise<readonly Dirent[]> {
  const entries = await fs.readdir(path, { withFileTypes: true }).catch(() => []);

  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function stamp(path: string): Promise<string> {
  const found = await fs.lstat(path, { bigint: true }).catch(() => undefined);

  return found === undefined ? `${path} absent` : `${path} ${found.ino} ${found.size} ${found.mtimeNs}`;
}
