import type { Database } from '../database.ts';
import { query } from '../pool.ts';

/** Decisions whose records are durable: what they consumed stays consumed. */
export async function recordApprovals(database: Database, decisionIds: readonly string[]): Promise<void> {
  await query(database, 'select record_approvals($1)', [decisionIds]);
}

/** Decisions that were never made: their approvals are good again. */
export async function releaseApprovals(database: Database, decisionIds: readonly string[]): Promise<void> {
  await query(database, 'select release_approvals($1)', [decisionIds]);
}
