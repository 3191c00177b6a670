import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '../../ledger/ledger.ts';
import type { DecisionEntry, ErrorEntry } from '../../ledger/record.ts';
import type { Pool } from '../../store/database.ts';
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
/** Characters of a stored reason: a verdict names every policy that determined it. */
const MAX_REASON = 2_000;

/**
 * What follows where Cedar judges a decision otherwise: a line of the process log, an error record that keeps the case, and Cedar's
 * own evaluator for that bundle on every replica.
 */
export function createDifferenceReport(options: DifferenceOptions): VerifierOptions['onDifference'] {
  const { ledger, processId, log } = options;
  const lines = createThrottle(LOG_EVERY_MS);
  const underway = new Set<string>();

  return ({ entry, input }, { served, cedar }) => {
    const { decision_id, store, bundle } = entry;
    const record = differenceEntry(entry);
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
        'Cedar judges a decision otherwise than it was made; from now on its bundle is judged by Cedar',
      ),
    );
    keep(ledger, record, input);

    if (underway.has(bundle.digest)) return;
    underway.add(bundle.digest);
    const reason = `served: ${served}; Cedar: ${cedar}`.slice(0, MAX_REASON);
    const override = { digest: bundle.digest, reason, decisionId: decision_id, processId };
    void untilStored(override, options).finally(() => underway.delete(bundle.digest));
  };
}

/** Beside the record of the decision: of the same moment, and so with the same facts, and found by the same trace and request id. */
function differenceEntry(entry: DecisionEntry): ErrorEntry {
  const { time, store, principal, action, resource, transport, credential, request_id, run, mode, trace } =
    entry;

  return {
    kind: 'error',
    decision_id: uuidv7(Date.parse(time)),
    time,
    transport,
    credential,
    request_id,
    run,
    mode,
    trace,
    store,
    principal,
    action,
    resource,
    error: { code: 'internal', field: 'evaluator' },
  };
}

/** Best effort, as with every error record: the decision's own record has the case too, and a full spool is told by readiness. */
function keep(ledger: Ledger, record: ErrorEntry, input: string): void {
  try {
    ledger.append(record, input, ledger.reserve(recordBytes(record, input))).catch(() => undefined);
  } catch {
    // No room: see above.
  }
}

/** Until then this process goes on by the evaluator that differed: without PostgreSQL it could not load the bundle anew either. */
async function untilStored(override: EvaluatorOverride, options: DifferenceOptions): Promise<void> {
  const { pool, log, signal } = options;
  const { digest } = override;

  while (!signal.aborted) {
    try {
      await overrideEvaluator(pool, override);
      return;
    } catch (error) {
      log.error(
        { digest, err: error },
        'replicas could not be told to judge a bundle by Cedar; trying again',
      );
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
