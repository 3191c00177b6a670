import type { EvaluatorName } from '../engine/evaluator.ts';
import type { Pool } from '../store/database.ts';
import type { DatabaseConnection } from '../store/pool.ts';
import { watchChanges } from '../store/watch.ts';
import type { Log } from '../telemetry/log.ts';
import { loadBundle } from './loader.ts';
import { createReplica, type Replica } from './replica.ts';
import { createSignatureWatch, type SignatureWatch } from './signature-watch.ts';

export interface FollowOptions {
  readonly pool: Pool;
  readonly connection: DatabaseConnection;
  readonly pollMs: number;
  readonly evaluator: EvaluatorName;
  readonly log: Log;
}

/** A replica that follows PostgreSQL until it is stopped. */
export interface Following {
  readonly replica: Replica;
  readonly signatures: SignatureWatch;
  stop(): Promise<void>;
}

/** Takes over what is deployed, once before anything is served, and from then on whatever changes. */
export async function followDeployments({
  pool,
  connection,
  pollMs,
  evaluator,
  log,
}: FollowOptions): Promise<Following> {
  const signatures = createSignatureWatch({ pool, log });
  const replica = createReplica({
    pool,
    evaluator,
    signatures,
    load: (digest, by) => {
      if (by !== evaluator)
        log.warn({ digest }, 'a bundle is loaded for Cedar, which judged a decision of it otherwise');

      return loadBundle(pool, digest, by);
    },
    onLoadFailure: (lag, error) =>
      log.error(
        { ...lag, sequence: String(lag.sequence), err: error },
        'a deployed bundle does not load here',
      ),
  });
  await replica.refresh();
  await replica.settled();

  const stopping = new AbortController();
  let failing = false;
  const watch = watchChanges({
    connection,
    pollMs,
    signal: stopping.signal,
    onWake: async () => {
      await replica.refresh();
      if (failing) log.info('PostgreSQL answers again');
      failing = false;
    },
    onFailure: (error) => {
      if (!failing) log.warn({ err: error }, 'PostgreSQL does not answer; decisions go on from memory');
      failing = true;
    },
  });

  return {
    replica,
    signatures,
    async stop() {
      stopping.abort();
      await watch;
      await signatures.settled();
    },
  };
}
