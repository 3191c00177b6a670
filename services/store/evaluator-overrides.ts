import { PdpError } from '../engine/error.ts';
import { announceChange } from './changes.ts';
import { columnText } from './column-text.ts';
import type { Database, Pool } from './database.ts';
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

const COLUMNS =
  'digest, reason, decision_id as "decisionId", process_id as "processId", created_at as "createdAt"';

/** The overrides in force, newest first: there is one for each fault that was found and not mended, so they are few. */
export async function listOverrides(database: Database): Promise<StoredOverride[]> {
  return query<StoredOverride>(
    database,
    `select ${COLUMNS} from evaluator_overrides where lifted_at is null order by created_at desc, digest`,
  );
}

/** Who lifted an override, and why. */
export interface Lift {
  readonly digest: string;
  readonly author: string;
  readonly reason: string;
  /** Of the change's record in the decision log. */
  readonly recordId: string;
}

/** An override that may be lifted by now. */
export interface PastOverride extends StoredOverride {
  readonly bundleName: string;
  readonly bundleVersion: string;
  readonly liftedAt: Date | null;
  readonly liftedBy: string | null;
  readonly liftReason: string | null;
}

/** All overrides there ever were, at most `limit`: first those in force, then the newest. */
export async function overrideHistory(database: Database, limit: number): Promise<PastOverride[]> {
  return query<PastOverride>(
    database,
    `select o.digest, o.reason, o.decision_id as "decisionId", o.process_id as "processId", o.created_at as "createdAt",
       b.name as "bundleName", b.version as "bundleVersion", o.lifted_at as "liftedAt", o.lifted_by as "liftedBy",
       o.lift_reason as "liftReason"
     from evaluator_overrides o join bundles b using (digest)
     order by o.lifted_at is not null, o.number desc limit $1`,
    [limit],
  );
}

/**
 * Has a bundle judged again by what each process is configured for, on every replica, which this wakes. Where it still judges wrong, the
 * next sampled decision that shows it overrides it anew.
 * @param beforeCommit what must be done too, within the transaction; where it fails, the override stays.
 * @throws PdpError `not_found`: no override of it is in force; what `beforeCommit` throws.
 */
export async function liftOverride(
  pool: Pool,
  { digest, author, reason, recordId }: Lift,
  beforeCommit: (lifted: StoredOverride) => Promise<void>,
): Promise<void> {
  await withTransaction(pool, async (client) => {
    const [lifted] = await query<StoredOverride>(
      client,
      `update evaluator_overrides set lifted_at = now(), lifted_by = $2, lift_reason = $3, lift_record_id = $4
       where digest = $1 and lifted_at is null returning ${COLUMNS}`,
      [digest, author, columnText(reason), recordId],
    );
    if (lifted === undefined) {
      throw new PdpError('not_found', `no override of ${digest} is in force`, { field: 'digest' });
    }
    await announceChange(client);
    await beforeCommit(lifted);
  });
}
