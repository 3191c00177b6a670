import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MovedBatch, Mover } from './mover/mover.ts';
import type { SegmentLog } from './spool/segment-log.ts';

/**
 * How long records gather before they are read, so that Postgres is not asked for each: one takes it nearly as long as fifty, and what
 * decisions wait for stands in line behind it.
 */
const GATHER_MS = 100;

const RETRY_MS = 1_000;

/** Moves this process's own records from its segments to Postgres, and removes the segments that are done. */
export interface Drain {
  /** Says that there is something to move. */
  wake(): void;
  /** Moves what is committed now, without waiting for more; false if `close` came before it was done. */
  flush(): Promise<boolean>;
  /** Records that were moved. */
  moved(): number;
  /** Why the spool could not be read at the last attempt; null if it could. */
  problem(): string | null;
  /** Stops after the insert that is under way. */
  close(): Promise<void>;
}

export function createDrain(log: SegmentLog, mover: Mover): Drain {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let offset = 0;
  let moved = 0;
  let problem: string | null = null;

  return {
    wake,

    async flush() {
      const target = log.committed();
      while (moved < target && !stop.signal.aborted) await start();
      return moved >= target;
    },

    moved: () => moved,
    problem: () => problem,

    async close() {
      stop.abort();
      clearTimeout(timer);
      await running;
      await mover.close();
    },
  };

  function wake(): void {
    if (running !== undefined || timer !== undefined || stop.signal.aborted) return;

    timer = setTimeout(start, GATHER_MS);
  }

  function start(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running ??= move().finally(() => {
      running = undefined;
      if (moved < log.committed()) wake();
    });
    return running;
  }

  async function move(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        const more = await step();
        problem = null;
        if (!more) return;
      } catch (error) {
        // The disk or, on stopping, the delivery: what was not moved is still there.
        problem = error instanceof Error ? error.message : String(error);
        await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  }

  /** Moves one batch or removes one finished segment; false if nothing is left of what was there when it began. */
  async function step(): Promise<boolean> {
    const [extent] = log.extents();
    if (extent === undefined) return false;

    if (offset < extent.bytes) {
      const batch = await mover.move(extent, offset, stop.signal).catch(handedOver);
      offset = batch.end === offset ? extent.bytes : batch.end;
      moved = offset < extent.bytes ? moved + batch.lines : extent.endSeq;
      return offset < extent.bytes || log.finished(extent.segment);
    }

    if (!log.finished(extent.segment)) return false;

    await rm(extent.path, { force: true });
    log.forget(extent.segment);
    offset = 0;
    return true;
  }

  /** A segment that is gone from its path was taken over by another process, which moves it. */
  function handedOver(error: NodeJS.ErrnoException): MovedBatch {
    if (error.code !== 'ENOENT') throw error;

    return { lines: 0, end: offset, tornBytes: 0 };
  }
}
