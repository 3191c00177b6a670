import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Ledger } from '../../ledger/ledger.ts';
import type { DecisionEntry, ErrorEntry } from '../../ledger/record.ts';
import { type EvaluatorOverride, overrideEvaluator } from '../../store/evaluator-overrides.ts';
import type { Log } from '../../telemetry/log.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import { recordBytes } from '../record.ts';
import { uuidv7 } from '../uuid.ts';
import type { VerifierOptions } from './verifier.ts';

export interface DifferenceOptions {
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly processId: string;
  readonly log: Log;
  /** Ends the attempts to tell the replicas. */
  readonly signal: AbortSignal;
}

const LOG_EVERY_MS = 1_000;
const RETRY_MS = 2_000;
/** Characters of the reason that is stored: a verdict names every policy that determined it. */
const MAX_REASON = 2_000;

/**
 * What follows where Cedar judges a decision otherwise: a line of the process log, an error record that keeps the case, and Cedar's own
 * evaluator for that bundle on every replica, tried until PostgreSQL has it.
 */
export function createDifferenceReport(options: DifferenceOptions): VerifierOptions['onDifference'] {
  const { ledger, processId, log } = options;
  const lines = createThrottle(LOG_EVERY_MS);
  /** Digests whose override is on its way. */
  const underway = new Set<string>();

  return ({ entry, input }, { served, cedar }) => {
    const record = differenceEntry(entry, Date.now());
    const { decision_id, store, bundle } = entry;
    lines((since_last) =>
      log.error(
        {
          decision_id,
          error_id: record.decision_id,
          store,
          digest: bundle.digest,
          served,
          cedar,
          since_last,
        },
        'Cedar judges a decision otherwise than it was made; the bundle is judged by Cedar from now on',
      ),
    );
    append(ledger, record, input);

    const { digest } = bundle;
    if (underway.has(digest)) return;
    underway.add(digest);
    const reason = `served: ${served}; Cedar: ${cedar}`.slice(0, MAX_REASON);
    void store_({ digest, reason, decisionId: decision_id, processId }, options).finally(() =>
      underway.delete(digest),
    );
  };
}
