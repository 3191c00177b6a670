import type { EvaluatorName } from '../engine/evaluator.ts';
import { activeCredentials } from '../store/credentials.ts';
import type { Pool } from '../store/database.ts';
import { assignmentKeys, currentDeployments, type Deployment, listStores } from '../store/deployments.ts';
import { listOverrides } from '../store/evaluator-overrides.ts';
import { databaseIdentity } from '../store/installation.ts';
import { requirementSequences } from '../store/signature-requirements.ts';
import { UnsignedError } from '../store/signed.ts';
import { type Candidacy, createAdmissions } from './admissions.ts';
import { createBundleCache, type LoadBundle } from './bundle-cache.ts';
import { credentialDirectory } from './credentials.ts';
import { assertLoadable } from './disk/loadable.ts';
import type { OpenSnapshot } from './disk/open.ts';
import { savedSource } from './disk/saved-source.ts';
import { createForward, ForeignDatabaseError } from './forward.ts';
import type { HeldState } from './held-state.ts';
import type { SignatureWatch } from './signature-watch.ts';
import { EMPTY_SNAPSHOT, type Snapshot, type StoreState } from './snapshot.ts';
import { stagedOf } from './stage.ts';
import type { CallScope } from './types.ts';
import { createWaiting, hasReached } from './waiting.ts';

export interface ReplicaOptions {
  readonly pool: Pool;
  /** What judges, unless PostgreSQL says that a bundle is to be judged by Cedar. */
  readonly evaluator: EvaluatorName;
  readonly load: LoadBundle;
  /** Lets a deployment in only where its bundle is signed as the store requires. */
  readonly signatures: SignatureWatch;
  /** Told of each try to take over a deployment that failed; the last good bundle goes on. */
  readonly onLoadFailure: (lag: Lag, error: unknown) => void;
}

/** A deployment that this process does not serve yet as it should, or could not take over. */
export interface Lag {
  readonly store: string;
  readonly sequence: bigint;
  readonly digest: string;
  readonly failed: boolean;
  /** Whether it failed because its bundle is not signed as the store requires. */
  readonly unsigned?: boolean;
}

/** What PostgreSQL says is deployed, followed in memory. */
export interface Replica {
  snapshot(): Snapshot;
  /**
   * Serves what was saved, until PostgreSQL answers. What does not load is a lag like any other.
   * @throws SnapshotError where nobody can tell how old it is.
   */
  restore(saved: OpenSnapshot): Promise<void>;
  /** Takes note of how far PostgreSQL had come, so that nothing older is taken over. */
  expect(saved: OpenSnapshot): void;
  /** Whether what is served came from the disk, and PostgreSQL has not confirmed it since. */
  restored(): boolean;
  /** `undefined` before PostgreSQL has said anything. */
  held(): HeldState | undefined;
  /**
   * Follows PostgreSQL once. Bundles load in the background, so that a revocation never waits for one.
   * @throws PdpError `unavailable` where PostgreSQL does not answer, is another one or has gone back; what is in memory stays.
   */
  refresh(): Promise<void>;
  /**
   * Loads bundles that are about to be deployed, and keeps them while `body` deploys them.
   * @throws what loading one of them throws, and what `body` throws.
   */
  prepared<Result>(digests: readonly string[], body: () => Promise<Result>): Promise<Result>;
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

interface Target extends Candidacy {
  /** Of each bundle that decides, by digest. */
  readonly evaluators: ReadonlyMap<string, EvaluatorName>;
  /** The store's secret; absent where there is no canary. */
  readonly key: Uint8Array | undefined;
  served: boolean;
  failedAt: number | undefined;
  unsigned: boolean;
  following: Promise<void>;
}

export function createReplica({ pool, evaluator, load, signatures, onLoadFailure }: ReplicaOptions): Replica {
  const targets = new Map<string, Target>();
  const bundles = createBundleCache(load);
  const admissions = createAdmissions(pool, signatures);
  let overridden: ReadonlySet<string> = new Set();
  const waiting = createWaiting();
  const forward = createForward();
  /** By store: what is served, as it was deployed. */
  const serving = new Map<string, Target>();
  let current: Snapshot = EMPTY_SNAPSHOT;
  let isRestored = false;
  let installation: string | undefined;
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let revision: bigint | undefined;
  let refreshing: Promise<unknown> = Promise.resolve();

  return {
    snapshot: () => current,
    ageMs: () => performance.now() - confirmedAt,

    async restore(saved) {
      const { state } = saved;
      expect(saved);
      isRestored = true;
      overridden = new Set(state.overridden);
      publish({ ...current, credentials: credentialDirectory(state.credentials) });
      revision = state.revision;
      publishStores(state.stores.map(({ name }) => ({ name, sequence: 0n, bundle: undefined })));
      for (const { deployment, key, requirement } of state.stores) {
        if (deployment === null) continue;
        follow({
          ...{ deployment, evaluators: evaluatorsOf(deployment), key: key ?? undefined },
          ...{ requirement: requirement?.sequence ?? 0n, saved: savedSource(saved), served: false },
          ...{ failedAt: undefined, unsigned: false, following: Promise.resolve() },
        });
      }
      await settled();
      confirmedAt = performance.now() - saved.ageMs();
    },

    expect,
    restored: () => isRestored,

    held() {
      if (installation === undefined || revision === undefined) return undefined;
      const credentials = [...current.credentials.values()];
      const stores = [...current.stores.keys()].map((name) => {
        const { deployment = null, key = null } = serving.get(name) ?? {};

        return { name, deployment, key };
      });

      return { installation, revision, credentials, overridden, stores };
    },

    refresh() {
      // One after the other: what was read first must never be taken over last.
      const refreshed = refreshing.then(followOnce);
      refreshing = refreshed.catch(() => undefined);

      return refreshed;
    },

    async prepared(digests, body) {
      try {
        return await bundles.holding(digests, async () => {
          await Promise.all(digests.map((digest) => bundles.get(digest, evaluatorOf(digest))));

          return await body();
        });
      } finally {
        forgetUnused();
      }
    },

    settled,

    lags() {
      return [...targets.values()].filter(({ served }) => !served).map(lagOf);
    },

    async reached(sequences, deadline, signal) {
      while (!hasReached(current, sequences) && !signal.aborted && performance.now() < deadline) {
        await waiting.next(deadline, signal);
      }
    },
  };

  async function settled(): Promise<void> {
    await Promise.all([...targets.values()].map(({ following }) => following));
  }

  function expect({ state }: OpenSnapshot): void {
    const deployments = state.stores.flatMap(({ deployment }) => deployment ?? []);
    forward.expect({ installation: state.installation, revision: state.revision, deployments });
  }

  async function followOnce(): Promise<void> {
    const askedAt = performance.now();
    const identity = await databaseIdentity(pool);
    const deployments = await currentDeployments(pool);
    assertForward({ ...identity, deployments });
    await followCredentials(identity.revision);
    await followOverrides();
    await followDeployments(deployments);
    installation = identity.installation;
    confirmedAt = askedAt;
    isRestored = false;
  }

  function assertForward(now: Parameters<typeof forward.assertForward>[0]): void {
    try {
      forward.assertForward(now);
    } catch (error) {
      // What came from the disk is not of this database, then: nothing is decided by it any more.
      if (isRestored && error instanceof ForeignDatabaseError) confirmedAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  async function followCredentials(now: bigint): Promise<void> {
    if (now === revision) return;

    const active = await activeCredentials(pool);
    publish({ ...current, credentials: credentialDirectory(active.credentials) });
    revision = active.revision;
  }

  async function followOverrides(): Promise<void> {
    overridden = new Set((await listOverrides(pool)).map(({ digest }) => digest));
  }

  async function followDeployments(deployments: readonly Deployment[]): Promise<void> {
    const names = (await listStores(pool)).map(({ name }) => name);
    const requirements = await requirementSequences(pool);
    const missing = names.filter((name) => !current.stores.has(name));
    if (missing.length > 0) publishStores(missing.map((name) => ({ name, sequence: 0n, bundle: undefined })));

    const keys = deployments.some(({ canary }) => canary !== null) ? await assignmentKeys(pool) : undefined;

    for (const deployment of deployments) {
      const { store, sequence } = deployment;
      const target = targets.get(store);
      const evaluators = evaluatorsOf(deployment);
      const requirement = requirements.get(store) ?? 0n;
      const isNew =
        target?.deployment.sequence !== sequence ||
        target.requirement !== requirement ||
        !sameEntries(target.evaluators, evaluators);
      const isDue = target?.failedAt !== undefined && performance.now() - target.failedAt > RETRY_MS;
      // A bundle that is tried again still counts as failed, or readiness would flicker.
      const failedAt = isNew ? undefined : performance.now();
      if (!isNew && !isDue) continue;
      follow({
        ...{ deployment, evaluators, key: keys?.get(store), requirement, failedAt },
        served: false,
        unsigned: !isNew && target.unsigned,
        following: Promise.resolve(),
      });
    }
    signatures.watch(
      [...current.stores.values()].flatMap(({ name: store, bundle, staged }) =>
        [bundle, staged?.canary?.bundle].flatMap((one) =>
          one === undefined ? [] : [{ store, digest: one.ref.digest, name: one.ref.name }],
        ),
      ),
    );
  }

  function evaluatorsOf(deployment: Deployment): ReadonlyMap<string, EvaluatorName> {
    return new Map(decidingBundles(deployment).map((digest) => [digest, evaluatorOf(digest)]));
  }

  function evaluatorOf(digest: string): EvaluatorName {
    return overridden.has(digest) ? 'cedar' : evaluator;
  }

  function follow(target: Target): void {
    targets.set(target.deployment.store, target);
    target.following = takeOver(target);
  }

  /** All of it or nothing: a deployment whose canary does not load here is not served here. */
  async function takeOver(target: Target): Promise<void> {
    const { deployment, evaluators, key, saved } = target;
    const { store: name, sequence, digest, canary } = deployment;
    try {
      const admitted = await admissions.admit(target);
      const [bundle, candidate] = await Promise.all(
        [digest, canary?.digest].map((one) =>
          one === undefined ? undefined : bundles.get(one, evaluators.get(one) ?? evaluator, saved),
        ),
      );
      const staged = await stagedOf(deployment, bundle, candidate, key);
      // A newer deployment may have come while this one loaded, and may even be served already.
      if (targets.get(name) !== target) return;
      if (saved !== undefined) assertLoadable([bundle, candidate]);
      target.served = true;
      serving.set(name, target);
      admissions.serve(name, admitted);
      publishStores([{ name, sequence, bundle, staged }]);
      forgetUnused();
    } catch (error) {
      target.failedAt = performance.now();
      target.unsigned = error instanceof UnsignedError;
      onLoadFailure(lagOf(target), error);
    }
  }

  function forgetUnused(): void {
    const served = [...current.stores.values()].flatMap(({ bundle, staged }) =>
      [bundle, staged?.canary?.bundle].flatMap((one) => one?.ref.digest ?? []),
    );
    bundles.keepOnly([
      ...[...targets.values()].flatMap(({ evaluators }) => [...evaluators.keys()]),
      ...served,
    ]);
  }

  function publishStores(states: readonly StoreState[]): void {
    publish({
      ...current,
      stores: new Map([...current.stores, ...states.map((state) => [state.name, state] as const)]),
    });
  }

  function publish(next: Snapshot): void {
    current = next;
    waiting.wake();
  }
}

function lagOf({ deployment: { store, sequence, digest }, failedAt, unsigned }: Target): Lag {
  return { store, sequence, digest, failed: failedAt !== undefined, unsigned };
}

function decidingBundles({ digest, canary }: Deployment): readonly string[] {
  return canary === null ? [digest] : [digest, canary.digest];
}

function sameEntries<Value>(one: ReadonlyMap<string, Value>, other: ReadonlyMap<string, Value>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
