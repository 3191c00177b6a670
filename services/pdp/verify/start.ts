import type { Ledger } from '../../ledger/ledger.ts';
import { getBundleArchive } from '../../store/bundles.ts';
import type { Pool } from '../../store/database.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Config } from '../config/config.ts';
import { processIdOf } from '../process-id.ts';
import { createDifferenceReport } from './difference.ts';
import { createVerificationThread } from './thread.ts';
import { createVerifier, type Verifier } from './verifier.ts';

export interface VerificationOptions {
  readonly config: Config;
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly log: Log;
}

/** A verifier as configured, with its thread; whoever starts it stops it. */
export interface Verification extends Verifier {
  stop(): Promise<void>;
}

/** Judges a share of the decisions again, and acts on what differs. Starts no thread before the first of them. */
export function startVerification({ config, pool, ledger, log }: VerificationOptions): Verification {
  const stopping = new AbortController();
  const { signal } = stopping;
  const thread = createVerificationThread({ archiveOf: (digest) => getBundleArchive(pool, digest) });
  const verifier = createVerifier({
    // Cedar's own evaluator is not held against itself.
    share: config.PALISADE_EVALUATOR === 'cedar' ? 0 : config.PALISADE_VERIFY_SAMPLE,
    judge: thread.judge,
    onDifference: createDifferenceReport({ pool, ledger, processId: processIdOf(config), log, signal }),
    log,
  });

  return {
    ...verifier,

    async stop() {
      stopping.abort();
      verifier.close();
      await thread.close();
    },
  };
}
