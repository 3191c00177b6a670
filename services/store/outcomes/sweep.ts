import type { Pool } from '../database.ts';
import { query } from '../pool.ts';
import { sweepAlone } from '../sweep-alone.ts';

/** Bounds one transaction; what is left is for the next one. */
const AT_MOST = 5_000;

export interface SweepOutcomesOptions {
  /** For how long after its use a reservation can be reported. */
  readonly periodMs: number;
  /** Of a report whose process should long have settled it. */
  readonly ageMs: number;
  /** For how long an idempotency key stands. */
  readonly keyMs: number;
}

/** What one sweep of reports and keys found. */
export interface SweptOutcomes {
  /** Reports that it settled. */
  readonly settled: number;
  /** Whether something is left whose time is over. */
  readonly isMore: boolean;
}

const LEFT = `select exists (select from idempotency_keys where claimed_at <= moment - $2::float8 * ms)
       or exists (select from outcomes where claimed_at <= moment - 2 * $1::float8 * ms)
       or exists (select from limit_entries where reserved and recorded and used_at <= moment - $1::float8 * ms) as "isMore"
  from limit_clock() as moment, (values (interval '1 millisecond')) as unit (ms)`;

/**
 * Settles reports that are in the decision log and were left open, ends reservations that are too old to be reported, and forgets old reports and
 * idempotency keys.
 * @returns `undefined` where another process sweeps.
 */
export function sweepOutcomes(
  pool: Pool,
  { periodMs, ageMs, keyMs }: SweepOutcomesOptions,
  atMost: number = AT_MOST,
): Promise<SweptOutcomes | undefined> {
  return sweepAlone(pool, 'outcomes', async (client) => {
    await query(client, `select sweep_keys($1::float8 * interval '1 millisecond', $2)`, [keyMs, atMost]);
    const [row] = await query<{ settled: string }>(
      client,
      `select sweep_outcomes($1::float8 * interval '1 millisecond', $2::float8 * interval '1 millisecond', $3) as settled`,
      [periodMs, ageMs, atMost],
    );
    const [left] = await query<{ isMore: boolean }>(client, LEFT, [periodMs, keyMs]);

    return { settled: Number(row?.settled ?? 0), isMore: left?.isMore === true };
  });
}
