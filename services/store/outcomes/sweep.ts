import type { Pool } from '../database.ts';
import { query, withTransaction } from '../pool.ts';

/** One sweeper at a time, of all processes. Any number of our own will do. */
const SWEEP_LOCK = 7_180_271_916;
/** Bounds one transaction; what is left is for the next sweep. */
const AT_MOST = 5_000;

export interface SweepOutcomesOptions {
  /** For how long after its use a reservation can be reported. */
  readonly periodMs: number;
  /** Of a report whose process should long have settled it. */
  readonly ageMs: number;
  /** For how long an idempotency key stands. */
  readonly keyMs: number;
}

/**
 * Settles reports that are in the decision log and were left open, ends reservations that are too old to be reported, and forgets old reports and
 * idempotency keys.
 * @returns how many reports it settled; `undefined` where another process sweeps.
 */
export function sweepOutcomes(
  pool: Pool,
  { periodMs, ageMs, keyMs }: SweepOutcomesOptions,
): Promise<number | undefined> {
  return withTransaction(pool, async (client) => {
    const [lock] = await query<{ held: boolean }>(client, 'select pg_try_advisory_xact_lock($1) as held', [
      SWEEP_LOCK,
    ]);
    if (lock?.held !== true) return undefined;

    await query(client, `select sweep_keys($1::float8 * interval '1 millisecond', $2)`, [keyMs, AT_MOST]);
    const [row] = await query<{ settled: string }>(
      client,
      `select sweep_outcomes($1::float8 * interval '1 millisecond', $2::float8 * interval '1 millisecond', $3) as settled`,
      [periodMs, ageMs, AT_MOST],
    );

    return Number(row?.settled ?? 0);
  });
}
