import type { Database } from './database.ts';
import { query } from './pool.ts';

/** The channel on which replicas hear that something changed; what changed they read from the tables. */
export const CHANGES_CHANNEL = 'palisade_changed';

/** Wakes every listener when the surrounding transaction commits, and not before. */
export async function announceChange(transaction: Database): Promise<void> {
  await query(transaction, 'select pg_notify($1, $2)', [CHANGES_CHANNEL, '']);
}
