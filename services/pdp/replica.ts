import type { CompiledBundle } from '../bundles/compile.ts';
import type { EvaluatorName } from '../engine/evaluator.ts';
import { activeCredentials, credentialsRevision } from '../store/credentials.ts';
import type { Pool } from '../store/database.ts';
import { currentDeployments, listStores } from '../store/deployments.ts';
import { listOverrides } from '../store/evaluator-overrides.ts';
import { credentialDirectory } from './credentials.ts';
import { EMPTY_SNAPSHOT, type Snapshot, type StoreState } from './snapshot.ts';
import type { CallScope } from './types.ts';

export interface ReplicaOptions {
  readonly pool: Pool;
  /** What judges, unless PostgreSQL says that a bundle is to be judged by Cedar. */
  readonly evaluator: EvaluatorName;
  /** Fetches, verifies and compiles a bundle off the request thread. */
  readonly load: (digest: string, evaluator: EvaluatorName) => Promise<CompiledBundle>;
  /** Told of each try to take over a deployment that failed; the last good bundle goes on. */
  readonly onLoadFailure: (lag: Lag, error: unknown) => void;
}

/** A deployment that this process does not serve yet as it should, or could not take over. */
export interface Lag {
  readonly store: string;
  readonly sequence: bigint;
  readonly digest: string;
  readonly failed: boolean;
}

/** What PostgreSQL says is deployed, followed in memory. */
export interface Replica {
  snapshot(): Snapshot;
  /**
   * Follows PostgreSQL once. Bundles load in the background, so that a revocation never waits for one.
   * @throws PdpError `unavailable` where PostgreSQL does not answer; what is in memory stays.
   */
  refresh(): Promise<void>;
  /**
   * Loads a bundle that is about to be deployed.
   * @throws what loading it throws.
   */
  prepare(digest: string): Promise<CompiledBundle>;
  /** Settles when every deployment seen so far is served or has failed to load. */
  settled(): Promise<void>;
  /** Milliseconds since PostgreSQL last confirmed what is in memory. */
  ageMs(): number;
  /** Deployments that are known and not served. */
  lags(): readonly Lag[];
  /** Waits until the stores have reached the sequences, or the deadline passes; which of the two, the snapshot shows. */
  reached(
    sequences: ReadonlyMap<string, bigint>,
    deadline: number,
    signal: CallScope['signal'],
  ): Promise<void>;
}

/** A bundle that failed to load is not tried again at every poll. */
const RETRY_MS = 10_000;

interface Target {
  readonly store: string;
  readonly sequence: bigint;
  readonly digest: string;
  readonly evaluator: EvaluatorName;
  served: boolean;
  failedAt: number | undefined;
  following: Promise<void>;
}

interface Loading {
  readonly evaluator: EvaluatorName;
  readonly bundle: Promise<CompiledBundle>;
}

export function createReplica({ pool, evaluator, load, onLoadFailure }: ReplicaOptions): Replica {
  const targets = new Map<string, Target>();
  const compiled = new Map<string, Loading>();
  let overridden: ReadonlySet<string> = new Set();
  const waiting = new Set<() => void>();
  let current: Snapshot = EMPTY_SNAPSHOT;
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let revision: bigint | undefined;
  let refreshing: Promise<unknown> = Promise.resolve();

  return {
    snapshot: () => current,
    ageMs: () => performance.now() - confirmedAt,

    refresh() {
      // One after the other: what was read first must never be taken over last.
      const refreshed = refreshing.then(followOnce);
      refreshing = refreshed.catch(() => undefined);

      return refreshed;
    },

    prepare: (digest) => bundleOf(digest, evaluatorOf(digest)),

    async settled() {
      await Promise.all([...targets.values()].map(({ following }) => following));
    },

    lags() {
      return [...targets.values()]
        .filter(({ served }) => !served)
        .map(({ store, sequence, digest, failedAt }) => ({
          store,
          sequence,
          digest,
          failed: failedAt !== undefined,
        }));
    },

    async reached(sequences, deadline, signal) {
      while (!hasReached(current, sequences) && !signal.aborted && performance.now() < deadline) {
        await nextChange(deadline, signal);
      }
    },
  };

  async function followOnce(): Promise<void> {
    const askedAt = performance.now();
    await followCredentials();
    await followOverrides();
    await followDeployments();
    confirmedAt = askedAt;
  }

  async function followCredentials(): Promise<void> {
    if ((await credentialsRevision(pool)) === revision) return;

    const active = await activeCredentials(pool);
    publish({ ...current, credentials: credentialDirectory(active.credentials) });
    revision = active.revision;
  }

  async function followOverrides(): Promise<void> {
    overridden = new Set((await listOverrides(pool)).map(({ digest }) => digest));
  }

  async function followDeployments(): Promise<void> {
    const names = (await listStores(pool)).map(({ name }) => name);
    const deployments = await currentDeployments(pool);
    const missing = names.filter((name) => !current.stores.has(name));
    if (missing.length > 0) publishStores(missing.map((name) => ({ name, sequence: 0n, bundle: undefined })));

    for (const { store, sequence, digest } of deployments) {
      const target = targets.get(store);
      const by = evaluatorOf(digest);
      const isNew = target?.sequence !== sequence || target.evaluator !== by;
      const isDue = target?.failedAt !== undefined && performance.now() - target.failedAt > RETRY_MS;
      // A bundle that is tried again still counts as failed, or readiness would flicker.
      const failedAt = isNew ? undefined : performance.now();
      if (!isNew && !isDue) continue;
      const following = Promise.resolve();
      follow({ store, sequence, digest, evaluator: by, served: false, failedAt, following });
    }
  }

  function evaluatorOf(digest: string): EvaluatorName {
    return overridden.has(digest) ? 'cedar' : evaluator;
  }

  function follow(target: Target): void {
    targets.set(target.store, target);
    target.following = takeOver(target);
  }

  async function takeOver(target: Target): Promise<void> {
    const { store, sequence, digest } = target;
    try {
      const bundle = await bundleOf(digest, target.evaluator);
      // A newer deployment may have come while this one loaded, and may even be served already.
      if (targets.get(store) !== target) return;
      target.served = true;
      publishStores([{ name: store, sequence, bundle }]);
      forgetUnused();
    } catch (error) {
      target.failedAt = performance.now();
      onLoadFailure({ store, sequence, digest, failed: true }, error);
    }
  }

  /** A bundle is compiled once, however many stores run it. */
  function bundleOf(digest: string, by: EvaluatorName): Promise<CompiledBundle> {
    const known = compiled.get(digest);
    if (known?.evaluator === by) return known.bundle;

    const loading: Loading = { evaluator: by, bundle: load(digest, by) };
    compiled.set(digest, loading);
    loading.bundle.catch(() => {
      if (compiled.get(digest) === loading) compiled.delete(digest);
    });

    return loading.bundle;
  }

  function forgetUnused(): void {
    const used = new Set([...targets.values()].map(({ digest }) => digest));
    for (const { bundle } of current.stores.values()) if (bundle !== undefined) used.add(bundle.ref.digest);
    for (const digest of compiled.keys()) if (!used.has(digest)) compiled.delete(digest);
  }

  function publishStores(states: readonly StoreState[]): void {
    publish({
      ...current,
      stores: new Map([...current.stores, ...states.map((state) => [state.name, state] as const)]),
    });
  }

  function publish(next: Snapshot): void {
    current = next;
    for (const wake of waiting) wake();
  }

  function nextChange(deadline: number, signal: CallScope['signal']): Promise<void> {
    return new Promise((resolve) => {
      let stay: (() => void) | undefined;
      const done = (): void => {
        clearTimeout(timer);
        stay?.();
        waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, deadline - performance.now()));
      stay = signal.onAbort(done);
      waiting.add(done);
    });
  }
}

function hasReached({ stores }: Snapshot, sequences: ReadonlyMap<string, bigint>): boolean {
  for (const [store, sequence] of sequences) {
    if ((stores.get(store)?.sequence ?? 0n) < sequence) return false;
  }

  return true;
}
