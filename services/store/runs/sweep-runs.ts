import { LIMITS } from '../../engine/limits.ts';
import type { Pool } from '../database.ts';
import { query } from '../pool.ts';
import { sweepAlone } from '../sweep-alone.ts';

/** Trees of runs that one sweep found. */
export interface SweptRuns {
  /** Whose time was over. */
  readonly ended: number;
  /** That ended long ago, with what only they counted. */
  readonly forgotten: number;
  /** That are open now. */
  readonly open: number;
  /** Whether there were as many as one transaction takes. */
  readonly isMore: boolean;
}

/** Bounds one transaction, together with `run_tree`; what is left is for the next one. */
const AT_MOST = 100;

/** Ends runs whose time is over, and forgets old ones. @returns `undefined` where another process sweeps. */
export async function sweepRuns(
  pool: Pool,
  keptHours: number = LIMITS.run_kept_hours,
  atMost: number = AT_MOST,
): Promise<SweptRuns | undefined> {
  return sweepAlone(pool, 'runs', async (client) => {
    const [row] = await query<Record<'ended' | 'forgotten' | 'open', string>>(
      client,
      `select * from sweep_runs($1 * interval '1 hour', $2)`,
      [keptHours, atMost],
    );
    const ended = Number(row?.ended ?? 0);
    const forgotten = Number(row?.forgotten ?? 0);

    return { ended, forgotten, open: Number(row?.open ?? 0), isMore: Math.max(ended, forgotten) >= atMost };
  });
}
