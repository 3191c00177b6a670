import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mover } from './mover/mover.ts';
import {
  claimLeftFolders,
  type Keeper,
  releaseFolder,
  removeFolder,
  type StrandedFolder,
} from './spool/folder.ts';
import { signOfLife } from './spool/owner.ts';
import { leftExtents, type SegmentExtent } from './spool/segment.ts';

/** Moves to Postgres what processes that are gone left in the spool. */
export interface Adopter {
  /** Looks for left folders, takes them over and begins to move them; what fails is in `stats().problem`. */
  scan(): Promise<void>;
  /** Shows other processes that the folders taken over are being worked on. */
  signOfLife(): Promise<void>;
  /** Resolves when everything taken over is moved. */
  idle(): Promise<void>;
  /** What the folders taken over still hold. */
  bytes(): number;
  stats(): AdopterStats;
  /** Stops after the insert that is under way; frees what is left for others. */
  close(): Promise<void>;
}

export interface AdopterStats {
  /** Folders taken over and not yet moved. */
  readonly folders: number;
  readonly bytes: number;
  /** Unfinished last lines, of records that were never acknowledged; dropped. */
  readonly torn: number;
  /** Folders that nobody here may take over, each with what an operator can do. */
  readonly stranded: readonly StrandedFolder[];
  /** Why the last attempt to look or to move failed; null if it did not. */
  readonly problem: string | null;
}

export interface AdopterOptions {
  readonly directory: string;
  readonly keeper: Keeper;
  readonly mover: Mover;
  readonly lostHosts: readonly string[];
}

const RETRY_MS = 1_000;

export function createAdopter({ directory, keeper, mover, lostHosts }: AdopterOptions): Adopter {
  const stop = new AbortController();
  /** Bytes left, by folder. */
  const claimed = new Map<string, number>();
  let scanning: Promise<void> | undefined;
  let running: Promise<void> | undefined;
  let stranded: readonly StrandedFolder[] = [];
  let torn = 0;
  let problem: string | null = null;

  return {
    scan() {
      scanning ??= look().finally(() => {
        scanning = undefined;
      });
      return scanning;
    },

    async signOfLife() {
      for (const folder of claimed.keys()) await signOfLife(folder).catch(() => undefined);
    },

    async idle() {
      await running;
    },

    bytes,

    stats: () => ({
      folders: claimed.size,
      bytes: bytes(),
      torn,
      stranded,
      problem,
    }),

    async close() {
      stop.abort();
      await scanning;
      await running;
      for (const folder of claimed.keys()) await releaseFolder(folder, keeper).catch(() => undefined);
    },
  };

  async function look(): Promise<void> {
    try {
      const found = await claimLeftFolders(directory, keeper, lostHosts);
      stranded = found.stranded;
      for (const folder of found.claimed) claimed.set(folder, await sizeOf(folder));
    } catch (error) {
      problem = `${directory}: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (claimed.size === 0 || stop.signal.aborted) return;

    running ??= moveAll().finally(() => {
      running = undefined;
    });
  }

  function bytes(): number {
    return claimed.values().reduce((total, size) => total + size, 0);
  }

  async function moveAll(): Promise<void> {
    while (claimed.size > 0 && !stop.signal.aborted) {
      const failed = await moveEach();
      if (failed) await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }

  /** One folder that cannot be moved does not hold up the others; says whether there was one. */
  async function moveEach(): Promise<boolean> {
    problem = null;
    for (const folder of claimed.keys()) {
      try {
        await moveFolder(folder);
        claimed.delete(folder);
      } catch (error) {
        if (isMissing(error)) claimed.delete(folder);
        else problem = `${folder}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    return problem !== null;
  }

  async function moveFolder(folder: string): Promise<void> {
    const extents = await leftExtents(folder);
    for (const [index, extent] of extents.entries()) {
      claimed.set(folder, sum(extents.slice(index)));
      await moveSegment(extent);
      await rm(extent.path, { force: true });
    }
    await removeFolder(folder);
  }

  async function moveSegment(extent: SegmentExtent): Promise<void> {
    for (let offset = 0; offset < extent.bytes; ) {
      const { end, tornBytes } = await mover.move(extent, offset, stop.signal);
      if (tornBytes > 0) torn += 1;
      if (end === offset) return;

      offset = end;
    }
  }
}

async function sizeOf(folder: string): Promise<number> {
  return sum(await leftExtents(folder).catch(() => []));
}

function sum(extents: readonly SegmentExtent[]): number {
  return extents.reduce((total, { bytes }) => total + bytes, 0);
}

/** The folder was taken over by yet another process. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
