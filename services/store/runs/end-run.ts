import type { Database } from '../database.ts';
import { query } from '../pool.ts';
import type { WantedRun } from './read-runs.ts';

/**
 * Ends a run and all that were started in it, once.
 * @returns whether it had not ended before; `undefined` where there is no such run. @throws PdpError `unavailable`.
 */
export async function endRun(
  database: Database,
  { runId, stores, subject }: WantedRun,
): Promise<{ readonly isNew: boolean } | undefined> {
  const [row] = await query<{ is_new: boolean }>(database, 'select * from end_run($1, $2, $3)', [
    runId,
    stores,
    subject,
  ]);

  return row && { isNew: row.is_new };
}
