import type { Database } from '../../store/database.ts';
import { createDelivery, type DeliveryStats } from '../delivery.ts';
import { readBatch, type SegmentExtent } from '../spool/segment.ts';

/** Rows of one insert; 50 to 2,000 cost the same per row (measured), and what few of them take is soon garbage again. */
const BATCH_ROWS = 200;

/** What was moved at once. */
export interface MovedBatch {
  readonly lines: number;
  /** Offset after the last line that was moved. */
  readonly end: number;
  /** Bytes of an unfinished line at the extent's end; they belong to no acknowledged record. */
  readonly tornBytes: number;
}

/** Moves what lies in segments to Postgres, one batch at a time. */
export interface Mover {
  /**
   * Moves the lines of a segment from an offset on, as many as make one insert; resolves when they are in Postgres.
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
      const { lines, end, tornBytes } = await readBatch(extent, from, BATCH_ROWS);
      await delivery.deliver(lines, signal);

      return { lines: lines.length, end, tornBytes };
    },

    stats: delivery.stats,

    async close() {
      // Nothing of it outlives a move.
    },
  };
}
