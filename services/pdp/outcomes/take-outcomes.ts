import { PdpError } from '../../engine/error.ts';
import { LIMITS } from '../../engine/limits.ts';
import { sweepOutcomes } from '../../store/outcomes/sweep.ts';
import { createPool, type DatabaseConnection } from '../../store/pool.ts';
import { sweepAll } from '../../store/sweep-all.ts';
import type { Log } from '../../telemetry/log.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import { repeat } from '../repeat.ts';
import type { CallScope } from '../types.ts';
import { type OutcomePath, reportOutcome } from './report-outcome.ts';
import type { OutcomeCall, OutcomeReply } from './types.ts';

export interface TakeOutcomesOptions extends Omit<OutcomePath, 'database'> {
  readonly connection: DatabaseConnection;
  readonly log: Pick<Log, 'warn'>;
}

/** Takes reports of outcomes for as long as this process runs, and clears up after all processes. */
export interface Outcomes {
  /** @throws PdpError as `reportOutcome`; `overloaded` where too many are being taken. */
  report(call: OutcomeCall, scope: CallScope): Promise<OutcomeReply>;
  /** Reports that this process found recorded and not settled. */
  reconciled(): number;
  stop(): Promise<void>;
}

const SWEEP_EVERY_MS = 10_000;
/** A report waits for its record only, and that may wait out an outage of PostgreSQL in the spool. */
const OPEN_MS = 60_000;
const PERIODS = { periodMs: LIMITS.outcome_ms, ageMs: OPEN_MS, keyMs: LIMITS.idempotency_ms };
const LOG_EVERY_MS = 60_000;
/** Its own, so that neither decisions nor administration wait for reports. */
const CONNECTIONS = 3;

export function takeOutcomes({ connection, log, ...rest }: TakeOutcomesOptions): Outcomes {
  const pool = createPool({ connection, applicationName: 'palisade outcomes', max: CONNECTIONS });
  const failures = createThrottle(LOG_EVERY_MS);
  let inFlight = 0;
  let reconciled = 0;
  const sweeping = repeat(SWEEP_EVERY_MS, sweep);

  return {
    async report(call, scope) {
      if (inFlight >= LIMITS.outcomes_in_flight) {
        throw new PdpError('overloaded', 'too many reports of outcomes are being taken; try again later', {
          limit: { name: 'outcomes_in_flight', max: LIMITS.outcomes_in_flight },
        });
      }
      inFlight += 1;
      try {
        return await reportOutcome({ ...rest, database: pool }, call, scope);
      } finally {
        inFlight -= 1;
      }
    },

    reconciled: () => reconciled,

    async stop() {
      await sweeping.stop();
      await pool.end();
    },
  };

  async function sweep(): Promise<void> {
    try {
      for (const { settled } of await sweepAll(() => sweepOutcomes(pool, PERIODS), sweeping.isStopping)) {
        reconciled += settled;
      }
    } catch (err) {
      failures((since_last) =>
        log.warn({ err, since_last }, 'reports of outcomes could not be cleared up; a later sweep does so'),
      );
    }
  }
}
