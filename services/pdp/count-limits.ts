import { createLimitCounting, type LimitCounting } from '../store/limits/counting.ts';
import { type Swept, sweepLimits } from '../store/limits/sweep.ts';
import { createPool, type DatabaseConnection } from '../store/pool.ts';
import { type SweptRuns, sweepRuns } from '../store/runs/sweep-runs.ts';
import { sweepAll } from '../store/sweep-all.ts';
import type { Log } from '../telemetry/log.ts';
import { createThrottle } from '../telemetry/throttle.ts';
import { repeat } from './repeat.ts';

export interface CountLimitsOptions {
  readonly connection: DatabaseConnection;
  readonly log: Log;
}

/** What became of the uses that this process counted, and what it found when it swept. */
export interface LimitStats {
  /** Uses of logged decisions that their process did not tell of. */
  readonly reconciled: number;
  /** Counters that were forgotten. */
  readonly forgotten: number;
  /** As of this process's last sweep; nothing where others sweep. */
  readonly last: Pick<Swept, 'pending' | 'unknown'>;
  /** Trees of runs: those open as of this process's last sweep, and those that it forgot. */
  readonly runs: Pick<SweptRuns, 'open' | 'forgotten'>;
}

export interface CountingLimits extends LimitCounting {
  stats(): LimitStats;
  stop(): Promise<void>;
}

const NOTHING = { pending: 0, unknown: 0 };
const SWEEP_EVERY_MS = 10_000;
/** A use is pending for as long as its record takes, and a record may wait out an outage of PostgreSQL in the spool. */
const PENDING_MS = 60_000;
const LOG_EVERY_MS = 60_000;
/** Enough for every statement at a time; its own, so that administration does not wait for decisions nor they for it. */
const CONNECTIONS = 6;

/** Settles what decisions take from state, for as long as this process runs, and clears up after all processes. */
export function countLimits({ connection, log }: CountLimitsOptions): CountingLimits {
  const pool = createPool({ connection, applicationName: 'palisade limits', max: CONNECTIONS });
  const failures = createThrottle(LOG_EVERY_MS);
  const onLost = (err: unknown): void => {
    failures((since_last) =>
      log.warn(
        { err, since_last },
        'uses of limits could not be told of or cleared up; a later sweep does so',
      ),
    );
  };
  const counting = createLimitCounting({ database: pool, onLost });
  let stats: LimitStats = { reconciled: 0, forgotten: 0, last: NOTHING, runs: { open: 0, forgotten: 0 } };
  // Neither keeps the other from being cleared up.
  const sweeping = repeat(SWEEP_EVERY_MS, () => sweepTrees().catch(onLost).then(sweep).catch(onLost));

  return {
    ...counting,
    stats: () => stats,

    async stop() {
      await Promise.all([sweeping.stop(), counting.settled()]);
      await pool.end();
    },
  };

  async function sweepTrees(): Promise<void> {
    const all = await sweepAll(() => sweepRuns(pool), sweeping.isStopping);
    const forgotten = all.reduce((sum, swept) => sum + swept.forgotten, stats.runs.forgotten);
    stats = { ...stats, runs: { open: all.at(-1)?.open ?? 0, forgotten } };
  }

  async function sweep(): Promise<void> {
    const all = await sweepAll(() => sweepLimits(pool, PENDING_MS), sweeping.isStopping);
    const sum = (of: 'reconciled' | 'forgotten') =>
      all.reduce((total, swept) => total + swept[of], stats[of]);
    stats = {
      ...stats,
      reconciled: sum('reconciled'),
      forgotten: sum('forgotten'),
      last: all.at(-1) ?? NOTHING,
    };
  }
}
