import { announceChange } from './changes.ts';
import type { Database, Pool } from './database.ts';
import { columnText } from './decisions.ts';
import { query, withTransaction } from './pool.ts';

/** A bundle that is to be judged by Cedar's own evaluator, whatever processes are configured for, and what led to that. */
export interface EvaluatorOverride {
  readonly digest: string;
  /** What each evaluator said. */
  readonly reason: string;
  /** The decision on which they differed. */
  readonly decisionId: string;
  /** Who made it. */
  readonly processId: string;
}

/** An override, with its time. */
export interface StoredOverride extends EvaluatorOverride {
  readonly createdAt: Date;
}

/**
 * Has a bundle judged by Cedar's own evaluator on every replica, which this wakes. The first reason stays.
 * @throws PdpError `unavailable`; `invalid_request` where the bundle is not stored.
 */
export async function overrideEvaluator(pool: Pool, override: EvaluatorOverride): Promise<void> {
  const { digest, reason, decisionId, processId } = override;

  await withTransaction(pool, async (client) => {
    const inserted = await query(
      client,
      `insert into evaluator_overrides (digest, reason, decision_id, process_id) values ($1, $2, $3, $4)
       on conflict do nothing returning digest`,
      [digest, columnText(reason), decisionId, processId],
    );
    if (inserted.length > 0) await announceChange(client);
  });
}

/** All overrides, newest first: there is one for each fault that was ever found, so they are few. */
export async function listOverrides(database: Database): Promise<StoredOverride[]> {
  return query<StoredOverride>(
    database,
    `select digest, reason, decision_id as "decisionId", process_id as "processId", created_at as "createdAt"
     from evaluator_overrides order by created_at desc, digest`,
  );
}
