import type { Client, Pool } from './database.ts';
import { query, withTransaction } from './pool.ts';

/** PostgreSQL's advisory lock of each thing that is swept. Any numbers of our own will do, each for one thing. */
export const SWEEP_LOCKS = {
  limits: 7_180_271_829,
  runs: 7_180_271_830,
  approvals: 7_180_271_831,
  outcomes: 7_180_271_916,
} as const;

/**
 * Sweeps one kind of thing in a transaction of its own, and never in two processes at once.
 * @returns `undefined` where another process sweeps it.
 * @throws what `sweep` throws; PdpError as {@link withTransaction}.
 */
export function sweepAlone<Swept>(
  pool: Pool,
  what: keyof typeof SWEEP_LOCKS,
  sweep: (client: Client) => Promise<Swept>,
): Promise<Swept | undefined> {
  return withTransaction(pool, async (client) => {
    const [lock] = await query<{ held: boolean }>(client, 'select pg_try_advisory_xact_lock($1) as held', [
      SWEEP_LOCKS[what],
    ]);

    return lock?.held === true ? sweep(client) : undefined;
  });
}
