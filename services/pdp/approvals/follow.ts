import { tellExpired } from '../../store/approvals/events.ts';
import { type SweptApprovals, sweepApprovals } from '../../store/approvals/sweep.ts';
import { createPool, type DatabaseConnection } from '../../store/pool.ts';
import { sweepAll } from '../../store/sweep-all.ts';
import type { Log } from '../../telemetry/log.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import { repeat } from '../repeat.ts';
import { createPeople, type People } from './people.ts';

export interface FollowApprovalsOptions {
  readonly connection: DatabaseConnection;
  readonly log: Log;
  /** See `PALISADE_APPROVAL_URL`. */
  readonly url: string | undefined;
}

/** What this process found when it swept. */
export interface ApprovalStats {
  /** Calls that wait for people now. */
  readonly waiting: number;
  readonly expired: number;
  /** Consumed by logged decisions that their process did not tell of. */
  readonly reconciled: number;
  /** As of this process's last sweep; 0 where others sweep. */
  readonly unknown: number;
}

export interface FollowingApprovals extends People {
  stats(): ApprovalStats;
  stop(): Promise<void>;
}

const SWEEP_EVERY_MS = 5_000;
/** A consumption is pending for as long as its record takes, and a record may wait out an outage of PostgreSQL in the spool. */
const PENDING_MS = 60_000;
const KEPT_MS = 30 * 86_400_000;
const LOG_EVERY_MS = 60_000;
/** Its own, so that administration does not wait for decisions nor they for it. */
const CONNECTIONS = 4;

/** Asks people and hears what they say, for as long as this process runs, and clears up after all processes. */
export function followApprovals({ connection, log, url }: FollowApprovalsOptions): FollowingApprovals {
  const database = createPool({ connection, applicationName: 'palisade approvals', max: CONNECTIONS });
  const failures = createThrottle(LOG_EVERY_MS);
  const onLost = (err: unknown): void => {
    failures((since_last) =>
      log.warn({ err, since_last }, 'approvals could not be told of or cleared up; a later sweep does so'),
    );
  };
  const people = createPeople({ database, url, onLost });
  let stats: Omit<ApprovalStats, 'waiting'> = { expired: 0, reconciled: 0, unknown: 0 };
  const sweeping = repeat(SWEEP_EVERY_MS, sweep);

  return {
    ...people,
    stats: () => ({ ...stats, waiting: people.waiting() }),

    async stop() {
      await Promise.all([sweeping.stop(), people.settled()]);
      await database.end();
    },
  };

  async function sweep(): Promise<void> {
    try {
      const sweepOnce = () =>
        sweepApprovals(database, { pendingMs: PENDING_MS, keptMs: KEPT_MS, onExpired: tellExpired });
      for (const swept of await sweepAll(sweepOnce, sweeping.isStopping)) add(swept);
    } catch (error) {
      onLost(error);
    }
  }

  function add({ expired, reconciled, unknown }: SweptApprovals): void {
    stats = { expired: stats.expired + expired, reconciled: stats.reconciled + reconciled, unknown };
  }
}
