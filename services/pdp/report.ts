import type { Database } from '../store/database.ts';
import { forgetReplicas, type ReplicaStore, removeReplica, reportReplica } from '../store/replicas.ts';
import type { Log } from '../telemetry/log.ts';
import { createThrottle } from '../telemetry/throttle.ts';
import type { Following } from './follow.ts';

export interface ReportOptions {
  readonly database: Database;
  readonly following: Pick<Following, 'replica' | 'failures'>;
  readonly bootId: string;
  readonly processId: string;
  readonly log: Pick<Log, 'warn'>;
}

/** Tells everybody what this process serves. */
export interface Report {
  /** Takes it off the list. */
  stop(): Promise<void>;
}

const LOOK_MS = 500;
/** One that is silent for several times as long is told as such. */
const EVERY_MS = 2_000;
const FORGET_EVERY_MS = 60_000;
const LOG_EVERY_MS = 60_000;
/** What stopping waits for: a row that stays is forgotten by others. */
const STOP_MS = 2_000;

/** Says what is served, when it changes and every two seconds: one row, one statement. */
export function startReport(options: ReportOptions): Report {
  const { database, bootId, processId, following, log } = options;
  const failures = createThrottle(LOG_EVERY_MS);
  let said = '';
  let saidAt = Number.NEGATIVE_INFINITY;
  let forgotAt = Number.NEGATIVE_INFINITY;
  let working: Promise<void> | undefined;
  const timer = setInterval(look, LOOK_MS).unref();
  look();

  return {
    async stop() {
      clearInterval(timer);
      await withinMs(STOP_MS, async () => {
        await working;
        await removeReplica(database, bootId);
      });
    },
  };

  function look(): void {
    const stores = storesOf(following);
    const text = JSON.stringify([...stores], (_, value) => (typeof value === 'bigint' ? `${value}` : value));
    if (working !== undefined || (text === said && performance.now() - saidAt < EVERY_MS)) return;

    working = say(stores, text).finally(() => {
      working = undefined;
    });
  }

  async function say(stores: ReadonlyMap<string, ReplicaStore>, text: string): Promise<void> {
    saidAt = performance.now();
    try {
      const ageMs = following.replica.ageMs();
      // One that never heard of PostgreSQL has nothing to say to it.
      if (!Number.isFinite(ageMs)) return;
      await reportReplica(database, { bootId, processId, ageMs, stores });
      said = text;
      if (performance.now() - forgotAt < FORGET_EVERY_MS) return;
      forgotAt = performance.now();
      await forgetReplicas(database);
    } catch (err) {
      // Where PostgreSQL is away, others say so; and this process is told as silent then.
      failures((since_last) => log.warn({ err, since_last }, 'this process could not say what it serves'));
    }
  }
}

/** How a process stands to each store that it knows. */
export function storesOf({
  replica,
  failures,
}: Pick<Following, 'replica' | 'failures'>): ReadonlyMap<string, ReplicaStore> {
  const lags = new Map(replica.lags().map((lag) => [lag.store, lag]));
  const problems = failures();

  return new Map(
    [...replica.snapshot().stores.values()].map(({ name, sequence, bundle, staged, entities }) => {
      const lag = lags.get(name);

      return [
        name,
        {
          sequence,
          stateSequence: entities.held.sequence,
          digest: bundle?.ref.digest ?? null,
          canary: staged?.canary?.bundle.ref.digest ?? null,
          state: stateOf(lag, bundle !== undefined),
          wanted: lag?.sequence ?? sequence,
          problem: lag?.failed === true ? (problems.get(name) ?? 'it does not load') : null,
        },
      ] as const;
    }),
  );
}

function stateOf(
  lag: { readonly failed: boolean; readonly unsigned?: boolean } | undefined,
  isServed: boolean,
): ReplicaStore['state'] {
  if (lag === undefined) return isServed ? 'served' : 'none';
  if (!lag.failed) return 'loading';

  return lag.unsigned === true ? 'unsigned' : 'failed';
}

async function withinMs(ms: number, body: () => Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([body().catch(() => undefined), promise]);
  clearTimeout(timer);
}
