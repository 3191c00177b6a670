import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ChainOwner } from '../chain.ts';
import { diskFiles } from './files.ts';
import { ownerState, type ProcessIdentity, readOwner, writeOwner } from './owner.ts';
import { leftExtents } from './segment.ts';

/** What lies beside the folders of processes, and is no such folder: what they saved of PostgreSQL, unless that is kept elsewhere. */
export const SNAPSHOTS_FOLDER = 'snapshots';

/** Who looks after the spool: the process, and the chain that it writes. */
export interface Keeper {
  readonly identity: ProcessIdentity;
  readonly chain: ChainOwner;
}

/**
 * Makes the folder of one start of one process: `<process_id>.<boot_id>`.
 * The boot is in the name, so that a restart never meets its own past: that is adopted like any other.
 */
export async function createSpoolFolder(directory: string, keeper: Keeper): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const folder = join(directory, `${keeper.chain.process_id}.${keeper.chain.boot_id}`);
  await mkdir(folder, { mode: 0o700 });
  await takeOwnership(folder, keeper);
  await diskFiles.syncFolder(folder);
  await diskFiles.syncFolder(directory);
  return folder;
}

/** A folder that stays as it is, and what an operator can do about it. */
export interface StrandedFolder {
  readonly folder: string;
  readonly remedy: string;
}

export interface SpoolScan {
  /** Folders that this process took over. */
  readonly claimed: readonly string[];
  readonly stranded: readonly StrandedFolder[];
}

/** Takes over the folders whose process is gone. */
export async function claimLeftFolders(
  directory: string,
  keeper: Keeper,
  lostHosts: readonly string[],
): Promise<SpoolScan> {
  const claimed: string[] = [];
  const stranded: StrandedFolder[] = [];

  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === SNAPSHOTS_FOLDER) continue;

    const folder = join(directory, entry.name);
    const owner = await readOwner(folder);
    if (owner === undefined) {
      if (!(await removeUnborn(folder))) {
        stranded.push({
          folder,
          remedy: 'it has no readable owner.json: write one, or move the folder away',
        });
      }
      continue;
    }

    const state = await ownerState(folder, owner, keeper.identity, lostHosts).catch(() => 'alive' as const);
    if (state === 'foreign') {
      stranded.push({
        folder,
        remedy: `it belongs to host ${owner.host}: start Palisade there, or declare that host lost`,
      });
    }
    if (state !== 'gone') continue;

    const taken = await claim(folder, keeper);
    if (taken !== undefined) claimed.push(taken);
  }

  return { claimed, stranded };
}

/** Marks a folder as free for anyone to take over; for a process that closes with records left. */
export async function releaseFolder(folder: string, keeper: Keeper): Promise<void> {
  await takeOwnership(folder, keeper, new Date());
}

/** Removes a folder unless a segment is left in it; says whether it is gone. */
export async function removeFolder(folder: string): Promise<boolean> {
  if ((await leftExtents(folder)).length > 0) return false;

  await rm(folder, { recursive: true });
  return true;
}

/**
 * Takes a folder over by renaming it: of several that try, one succeeds. A former owner that lives after all finds its
 * segment gone from its path before it acknowledges another record, so whatever was acknowledged is read here.
 */
async function claim(folder: string, keeper: Keeper): Promise<string | undefined> {
  const [left] = basename(folder).split(CLAIM_MARK);
  const taken = join(folder, '..', `${left}${CLAIM_MARK}${keeper.chain.boot_id}`);
  try {
    await rename(folder, taken);
    await takeOwnership(taken, keeper);
    return taken;
  } catch {
    return undefined;
  }
}

const CLAIM_MARK = '~';

async function takeOwnership(folder: string, { identity }: Keeper, closedAt?: Date): Promise<void> {
  await writeOwner(folder, {
    ...identity,
    created_at: new Date().toISOString(),
    closed_at: closedAt?.toISOString() ?? null,
  });
}

const UNBORN_MS = 60_000;

/** A process killed between making its folder and naming itself leaves it empty; false if it is anything else. */
async function removeUnborn(folder: string): Promise<boolean> {
  try {
    const names = await readdir(folder);
    if (names.some((name) => !name.startsWith('owner.json'))) return false;
    if (Date.now() - (await stat(folder)).mtimeMs < UNBORN_MS) return true;

    await rm(folder, { recursive: true });
    return true;
  } catch (error) {
    // Another adopter was faster; anything else is for the operator.
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}
