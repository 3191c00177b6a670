import { LIMITS } from '../../engine/limits.ts';
import type { Pool } from '../database.ts';
import { query, withTransaction } from '../pool.ts';

/** Trees of runs that one sweep found. */
export interface SweptRuns {
  /** Whose time was over. */
  readonly ended: number;
  /** That ended long ago, with what only they counted. */
  readonly forgotten: number;
  /** That are open now. */
  readonly open: number;
}

/** One sweeper at a time, of all processes. Any number of our own will do. */
const SWEEP_LOCK = 7_180_271_830;
/** Bounds one transaction; what is left is for the next sweep. */
const AT_MOST = 1_000;

/** Ends runs whose time is over, and forgets old ones. @returns `undefined` where another process sweeps. */
export async function sweepRuns(
  pool: Pool,
  keptHours: number = LIMITS.run_kept_hours,
): Promise<SweptRuns | undefined> {
  return withTransaction(pool, async (client) => {
    const [lock] = await query<{ held: boolean }>(client, 'select pg_try_advisory_xact_lock($1) as held', [
      SWEEP_LOCK,
    ]);
    if (lock?.held !== true) return undefined;

    const [row] = await query<Record<keyof SweptRuns, string>>(
      client,
      `select * from sweep_runs($1 * interval '1 hour', $2)`,
      [keptHours, AT_MOST],
    );

    return {
      ended: Number(row?.ended ?? 0),
      forgotten: Number(row?.forgotten ?? 0),
      open: Number(row?.open ?? 0),
    };
  });
}
