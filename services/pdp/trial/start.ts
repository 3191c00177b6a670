import type { Ledger } from '../../ledger/ledger.ts';
import { getBundleArchive } from '../../store/bundles.ts';
import type { Pool } from '../../store/database.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import type { Config } from '../config/config.ts';
import { processIdOf } from '../process-id.ts';
import { repeat } from '../repeat.ts';
import type { Replica } from '../replica.ts';
import { createJudgeThread } from '../verify/thread.ts';
import { createFlipRecorder } from './flips.ts';
import type { Comparison, ComparisonCase } from './messages.ts';
import { createTrials, type Trials } from './trials.ts';
import { watchTrials } from './watch.ts';

export interface TrialsStartOptions {
  readonly config: Config;
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly replica: Replica;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Trials with their thread; whoever starts them stops them. */
export interface RunningTrials extends Trials {
  stop(): Promise<void>;
}

const WATCH_EVERY_MS = 1_000;
const LOG_EVERY_MS = 60_000;

/** Holds candidates against active bundles for as long as this process decides. Starts no thread before there is a candidate. */
export function startTrials(options: TrialsStartOptions): RunningTrials {
  const { config, pool, ledger, replica, metrics, log } = options;
  const thread = createJudgeThread<ComparisonCase, Comparison>({
    entry: new URL('./entry.ts', import.meta.url),
    archiveOf: (digest) => getBundleArchive(pool, digest),
  });
  const trials = createTrials({
    evaluator: config.PALISADE_EVALUATOR,
    judge: thread.judge,
    onFlip: createFlipRecorder(ledger, config.PALISADE_SPOOL_MAX_BYTES),
    log,
  });
  const failures = createThrottle(LOG_EVERY_MS);
  const watching = repeat(WATCH_EVERY_MS, watchOnce);

  return {
    ...trials,

    async stop() {
      const watched = watching.stop();
      trials.close();
      await thread.close();
      await watched;
    },
  };

  async function watchOnce(): Promise<void> {
    try {
      await watchTrials({
        pool,
        replica,
        trials,
        ledger,
        processId: processIdOf(config),
        log,
        onIntervention: (store, kind) =>
          metrics.add('palisade.canary.interventions', 1, [store, kind === 'end' ? 'end_canary' : 'freeze']),
      });
    } catch (err) {
      failures((since_last) =>
        log.warn({ err, since_last }, 'the figures of candidates could not be looked at'),
      );
    }
  }
}
