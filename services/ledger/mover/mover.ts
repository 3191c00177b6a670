import type { Database } from '../../store/database.ts';
import { createDelivery, type DeliveryStats } from '../delivery.ts';
import { readBatch, type SegmentExtent } from '../spool/segment.ts';

/** Rows of one insert; 50 to 2,000 cost the same per row (measured), and what few of them take is soon garbage again. */
const BATCH_ROWS = 200;

/** Inserts of one move at most: whoever asks for the next move may be long in asking, since it decides meanwhile. */
const MOVE_INSERTS = 8;

/** What was moved at once. */
export interface MovedBatch {
  readonly lines: number;
  /** Offset after the last line that was moved. */
  readonly end: number;
  /** Bytes of an unfinished line at the extent's end; they belong to no acknowledged record. */
  readonly tornBytes: number;
}

/** Moves what lies in segments to Postgres. */
export interface Mover {
  /**
   * Moves the lines of a segment from an offset on, as many as make a few inserts; resolves when they are in Postgres.
   * @throws the file system's error, `ENOENT` where the segment was taken over; the signal's reason once it aborts.
   */
  move(extent: SegmentExtent, from: number, signal: AbortSignal): Promise<MovedBatch>;
  stats(): DeliveryStats;
  close(): Promise<void>;
}

/** Moves on the thread that asks. */
export function createMover(database: Database): Mover {
  const delivery = createDelivery(database);

  return {
    async move(extent, from, signal) {
      let moved = await moveOnce(extent, from, signal);
      for (let inserts = 1; inserts < MOVE_INSERTS && moved.end < extent.bytes; inserts += 1) {
        if (signal.aborted) break;
        const next = await moveOnce(extent, moved.end, signal);
        // What stands at the extent's end is told when it is all that is left.
        if (next.end === moved.end) break;

        moved = { ...next, lines: moved.lines + next.lines };
      }

      return moved;
    },

    stats: delivery.stats,

    async close() {
      // Nothing of it outlives a move.
    },
  };

  async function moveOnce(extent: SegmentExtent, from: number, signal: AbortSignal): Promise<MovedBatch> {
    const { lines, end, tornBytes } = await readBatch(extent, from, BATCH_ROWS);
    await delivery.deliver(lines, signal);

    return { lines: lines.length, end, tornBytes };
  }
}
