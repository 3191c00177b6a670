import type { DatabaseConnection } from '../../store/pool.ts';
import type { DeliveryStats } from '../delivery.ts';
import type { SegmentExtent } from '../spool/segment.ts';
import type { MovedBatch } from './mover.ts';

/** What the thread is started with. */
export interface MoverData {
  readonly connection: DatabaseConnection;
}

/** What the thread is told: a batch to move, one at a time, or to give up the one that it moves. */
export type ToMover =
  | { readonly kind: 'move'; readonly extent: SegmentExtent; readonly from: number }
  | { readonly kind: 'stop' };

/** What the thread says: how far it is, and what came of a batch. */
export type FromMover =
  | { readonly kind: 'stats'; readonly stats: DeliveryStats }
  | { readonly kind: 'moved'; readonly stats: DeliveryStats; readonly batch: MovedBatch }
  | {
      readonly kind: 'failed';
      readonly stats: DeliveryStats;
      readonly message: string;
      /** Of the file system's error. */
      readonly code: string | undefined;
    };
