import type { EvaluatorName } from '../engine/evaluator.ts';
import type { Pool } from '../store/database.ts';
import { isAway } from '../store/database-error.ts';
import { assertMigrated, MigrationError } from '../store/migrate.ts';
import type { DatabaseConnection } from '../store/pool.ts';
import { watchChanges } from '../store/watch.ts';
import type { Log } from '../telemetry/log.ts';
import { BackwardsError, ForeignDatabaseError } from './forward.ts';
import { loadBundle, loadBundleFrom } from './loader.ts';
import type { Origin } from './origin.ts';
import { createReplica, type Replica } from './replica.ts';
import { createSignatureWatch, type SignatureWatch } from './signature-watch.ts';
import type { Lag } from './takeovers.ts';

export interface FollowOptions {
  readonly pool: Pool;
  readonly connection: DatabaseConnection;
  readonly pollMs: number;
  readonly evaluator: EvaluatorName;
  /** Default: PostgreSQL, of which nothing is known yet. */
  readonly origin?: Origin;
  readonly log: Log;
}

/** A replica that follows PostgreSQL until it is stopped. */
export interface Following {
  readonly replica: Replica;
  readonly signatures: SignatureWatch;
  /** Why nothing of a PostgreSQL that answers is taken over; `undefined`: it is, or does not answer. */
  refusal(): Refusal | undefined;
  /** Why a deployment does not load here, by the store's name, as it may be told. */
  failures(): ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

export interface Refusal {
  /** What is the matter, without anything of the database. */
  readonly reason: string;
  /** Whether that is for an operator of this process, while others may follow. */
  readonly unready: boolean;
}

/** Takes over what is deployed, once before anything is served, and from then on whatever changes. */
export async function followDeployments({
  pool,
  connection,
  pollMs,
  evaluator,
  origin = { away: false, saved: undefined },
  log,
}: FollowOptions): Promise<Following> {
  const signatures = createSignatureWatch({ pool, log });
  const failures = new Map<string, string>();
  const replica = createReplica({
    pool,
    evaluator,
    signatures,
    load: (digest, by, archiveOf) => {
      if (by !== evaluator)
        log.warn({ digest }, 'a bundle is loaded for Cedar, which judged a decision of it otherwise');

      return archiveOf === undefined ? loadBundle(pool, digest, by) : loadBundleFrom(archiveOf, digest, by);
    },
    onLoadFailure: (lag: Lag, error) => {
      failures.set(lag.store, error instanceof Error ? error.message : String(error));
      log.error(
        { ...lag, sequence: String(lag.sequence), err: error },
        'a deployed bundle does not load here',
      );
    },
  });
  const isRestored = await begin(replica, origin);
  await replica.settled();

  const stopping = new AbortController();
  let refusal: Refusal | undefined;
  let failing: string | undefined;
  let migrated = !isRestored;
  const watch = watchChanges({
    connection,
    pollMs,
    signal: stopping.signal,
    onWake: async () => {
      // It was not there to be asked at the start.
      if (!migrated) await assertMigrated(pool);
      migrated = true;
      await replica.refresh();
      if (failing !== undefined) log.info('PostgreSQL answers again');
      failing = undefined;
      refusal = undefined;
    },
    onFailure: (error) => {
      const before = failing;
      const said = refusalOf(error);
      // A connection that only listens may break while the other goes on.
      if (said !== undefined || isAway(error)) refusal = said;
      failing = said?.reason ?? 'away';
      if (failing === before) return;
      if (said === undefined)
        log.warn({ err: error }, 'PostgreSQL does not answer; decisions go on from memory');
      else log.error({ err: error }, 'PostgreSQL answers, and nothing of it is taken over');
    },
  });

  return {
    replica,
    signatures,
    refusal: () => refusal,

    failures() {
      const failed = new Set(replica.lags().flatMap((lag) => (lag.failed ? [lag.store] : [])));
      for (const store of failures.keys()) if (!failed.has(store)) failures.delete(store);

      return failures;
    },

    async stop() {
      stopping.abort();
      await watch;
      await signatures.settled();
    },
  };
}

/** @returns whether it begins with what was saved. */
async function begin(replica: Replica, { away, saved }: Origin): Promise<boolean> {
  if (saved !== undefined) replica.expect(saved);
  if (!away || saved === undefined) {
    try {
      await replica.refresh();

      return false;
    } catch (error) {
      // It went away between its first answer and this.
      if (saved === undefined || !isAway(error)) throw error;
      await saved.verifyArchives();
    }
  }
  await replica.restore(saved);

  return true;
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof BackwardsError) {
    return { reason: 'the database has gone back, and nothing of it is taken over', unready: false };
  }
  if (error instanceof ForeignDatabaseError)
    return { reason: 'the database is of another installation', unready: true };
  if (error instanceof MigrationError) {
    return { reason: 'the database is not at the migration of this version', unready: true };
  }

  return undefined;
}
