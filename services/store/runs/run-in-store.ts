import type { Database } from '../database.ts';
import { query } from '../pool.ts';
import { type RunState, readRuns } from './read-runs.ts';

/** A run as those see it who look after its store. */
export interface RunInStore extends RunState {
  /** Of the credential that started it. */
  readonly subject: string;
}

/** @returns `undefined` where the store has no such run. @throws PdpError `unavailable`. */
export async function runInStore(
  database: Database,
  store: string,
  runId: string,
): Promise<RunInStore | undefined> {
  const [owner] = await query<{ subject: string }>(
    database,
    'select subject from runs where run_id = $1 and store = $2',
    [runId, store],
  );
  if (owner === undefined) return undefined;
  const [state] = await readRuns(database, [{ runId, subject: owner.subject, stores: [store] }]);

  return state && { ...state, subject: owner.subject };
}
