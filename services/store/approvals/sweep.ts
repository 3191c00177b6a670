import type { Client, Pool } from '../database.ts';
import { query } from '../pool.ts';
import { sweepAlone } from '../sweep-alone.ts';

/** An approval that nobody answered or used in time. */
export interface ExpiredApproval {
  readonly approval_id: string;
  readonly store: string;
  readonly request_digest: string;
}

/** What one sweep found. */
export interface SweptApprovals {
  readonly expired: number;
  /** Consumed by decisions that were in the log and not told so. */
  readonly reconciled: number;
  /** Consumed longer ago than the age, by decisions that are not in the log; they stay consumed. */
  readonly unknown: number;
  readonly forgotten: number;
  /** Whether as many expired, or were forgotten, as one transaction takes. */
  readonly isMore: boolean;
}

export interface SweepOptions {
  /** Of a consumption whose process should long have told how its decision ended. */
  readonly pendingMs: number;
  /** How long a closed approval is kept. */
  readonly keptMs: number;
  /** Told of each that expired, within the transaction that closes it. */
  readonly onExpired: (client: Client, approval: ExpiredApproval) => Promise<void>;
}

/** Bounds one transaction; what is left is for the next one. */
const AT_MOST = 500;

/** Closes what is over time, reconciles what was consumed with the decision log, and forgets what is old. `undefined`: another process does. */
export async function sweepApprovals(
  pool: Pool,
  { pendingMs, keptMs, onExpired }: SweepOptions,
): Promise<SweptApprovals | undefined> {
  return sweepAlone(pool, 'approvals', async (client) => {
    const expired = await query<ExpiredApproval>(
      client,
      'select approval_id, store, request_digest from expire_approvals($1)',
      [AT_MOST],
    );
    for (const approval of expired) await onExpired(client, approval);
    const [consumed] = await query<Record<'reconciled' | 'unknown', string>>(
      client,
      `select * from reconcile_approvals($1::float8 * interval '1 millisecond', $2)`,
      [pendingMs, AT_MOST],
    );
    const [old] = await query<{ forgotten: string }>(
      client,
      `select forget_approvals($1::float8 * interval '1 millisecond', $2) as forgotten`,
      [keptMs, AT_MOST],
    );

    return {
      expired: expired.length,
      reconciled: Number(consumed?.reconciled ?? 0),
      unknown: Number(consumed?.unknown ?? 0),
      forgotten: Number(old?.forgotten ?? 0),
      isMore: Math.max(expired.length, Number(old?.forgotten ?? 0)) >= AT_MOST,
    };
  });
}
