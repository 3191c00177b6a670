import type { Pool } from '../database.ts';
import { query } from '../pool.ts';
import { sweepAlone } from '../sweep-alone.ts';

/** What one sweep found. */
export interface Swept {
  /** Uses of decisions that were in the log and not told so, which are not pending any more. */
  readonly reconciled: number;
  /** Uses that are pending now. */
  readonly pending: number;
  /** Those of them that are older than the age, of decisions that are not in the log; they stay counted. */
  readonly unknown: number;
  /** Counters of which nothing was used any more. */
  readonly forgotten: number;
  /** Whether there were as many of them as one transaction takes. */
  readonly isMore: boolean;
}

/** Bounds one transaction; what is left is for the next one. */
const AT_MOST = 5_000;

/**
 * Reconciles pending uses with the decision log, and forgets what no window holds any more.
 * @param ageMs of a use whose process should long have told how its decision ended.
 * @returns `undefined` where another process sweeps.
 */
export async function sweepLimits(
  pool: Pool,
  ageMs: number,
  atMost: number = AT_MOST,
): Promise<Swept | undefined> {
  return sweepAlone(pool, 'limits', async (client) => {
    const [uses] = await query<Record<'reconciled' | 'pending' | 'unknown', string>>(
      client,
      `select * from reconcile_limit_uses($1::float8 * interval '1 millisecond', $2)`,
      [ageMs, atMost],
    );
    const [counters] = await query<{ forgotten: string }>(client, 'select sweep_limits($1) as forgotten', [
      atMost,
    ]);
    const forgotten = Number(counters?.forgotten ?? 0);

    return {
      reconciled: Number(uses?.reconciled ?? 0),
      pending: Number(uses?.pending ?? 0),
      unknown: Number(uses?.unknown ?? 0),
      forgotten,
      isMore: forgotten >= atMost,
    };
  });
}
