import type { CompiledBundle } from '../bundles/compile.ts';
import type { EvaluatorName } from '../engine/evaluator.ts';
import { openGlasses } from '../store/break-glass/follow.ts';
import { activeCredentials } from '../store/credentials.ts';
import type { Pool } from '../store/database.ts';
import { assignmentKeys, currentDeployments, type Deployment } from '../store/deployments.ts';
import { type StateSequence, stateSequences } from '../store/entities.ts';
import { listOverrides } from '../store/evaluator-overrides.ts';
import { databaseIdentity } from '../store/installation.ts';
import { requirementSequences } from '../store/signature-requirements.ts';
import { createAdmissions } from './admissions.ts';
import { heldGlasses, restoredGlasses } from './break-glass/held.ts';
import { createBundleCache, type LoadBundle } from './bundle-cache.ts';
import { credentialDirectory } from './credentials.ts';
import type { OpenSnapshot } from './disk/open.ts';
import { savedSource } from './disk/saved-source.ts';
import { catchUp } from './entities/catch-up.ts';
import type { HeldEntities } from './entities/held-entities.ts';
import { NO_ENTITIES } from './entities/store-entities.ts';
import { createForward, ForeignDatabaseError } from './forward.ts';
import type { HeldState } from './held-state.ts';
import type { SignatureWatch } from './signature-watch.ts';
import { EMPTY_SNAPSHOT, type Snapshot, type StoreState } from './snapshot.ts';
import { createTakeovers, type Lag } from './takeovers.ts';
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

/** What PostgreSQL says is deployed, followed in memory. */
export interface Replica {
  snapshot(): Snapshot;
  /**
   * Serves what was saved, until PostgreSQL answers. What does not load is a lag like any other.
   * @throws SnapshotError where nobody can tell how old it is, and where what a store held is not as it was saved.
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
   * Loads bundles that are about to be deployed, and keeps them while `body` deploys them; it is given them in the order of `digests`.
   * @throws what loading one of them throws, and what `body` throws.
   */
  prepared<Result>(
    digests: readonly string[],
    body: (bundles: readonly CompiledBundle[]) => Promise<Result>,
  ): Promise<Result>;
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

export function createReplica({ pool, evaluator, load, signatures, onLoadFailure }: ReplicaOptions): Replica {
  const bundles = createBundleCache(load);
  const admissions = createAdmissions(pool, signatures);
  let overridden: ReadonlySet<string> = new Set();
  const waiting = createWaiting();
  const forward = createForward();
  let current: Snapshot = EMPTY_SNAPSHOT;
  let isRestored = false;
  let installation: string | undefined;
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let revision: bigint | undefined;
  let refreshing: Promise<unknown> = Promise.resolve();
  const takeovers = createTakeovers({
    bundles,
    admissions,
    evaluatorOf,
    entitiesOf: (store) => (current.stores.get(store) ?? emptyStore(store)).entities,
    serve(state) {
      publishStores([state]);
      forgetUnused();
    },
    onFailure: onLoadFailure,
  });

  return {
    snapshot: () => current,
    ageMs: () => performance.now() - confirmedAt,

    async restore(saved) {
      const { state } = saved;
      const held = new Map<string, HeldEntities>();
      for (const { name } of state.stores) held.set(name, await saved.entities(name));
      expect(saved);
      isRestored = true;
      overridden = new Set(state.overridden);
      const glasses = restoredGlasses(state.glasses, saved.nowMs());
      publish({ ...current, credentials: credentialDirectory(state.credentials), glasses });
      revision = state.revision;
      publishStores(state.stores.map(({ name }) => emptyStore(name)));
      takeovers.hold(held);
      for (const { deployment, key, requirement } of state.stores) {
        if (deployment === null) continue;
        takeovers.follow({
          ...{ deployment, key: key ?? undefined, requirement: requirement?.sequence ?? 0n },
          saved: savedSource(saved),
        });
      }
      await takeovers.settled();
      confirmedAt = performance.now() - saved.ageMs();
    },

    expect,
    restored: () => isRestored,

    held() {
      if (installation === undefined || revision === undefined) return undefined;
      const credentials = [...current.credentials.values()];
      const stores = [...current.stores.values()].map(({ name, entities }) => {
        const { deployment = null, key = null } = takeovers.served(name) ?? {};

        return { name, deployment, key, entities: entities.held };
      });

      const glasses = [...current.glasses.values()].flat().map(({ followed }) => followed);

      return { installation, revision, credentials, overridden, glasses, stores };
    },

    refresh() {
      // One after the other: what was read first must never be taken over last.
      const refreshed = refreshing.then(followOnce);
      refreshing = refreshed.catch(() => undefined);

      return refreshed;
    },

    async prepared(digests, body) {
      try {
        return await bundles.holding(digests, async () =>
          body(await Promise.all(digests.map((digest) => bundles.get(digest, evaluatorOf(digest))))),
        );
      } finally {
        forgetUnused();
      }
    },

    settled: takeovers.settled,
    lags: takeovers.lags,

    async reached(sequences, deadline, signal) {
      while (!hasReached(current, sequences) && !signal.aborted && performance.now() < deadline) {
        await waiting.next(deadline, signal);
      }
    },
  };

  function expect({ state }: OpenSnapshot): void {
    const deployments = state.stores.flatMap(({ deployment }) => deployment ?? []);
    const states = new Map(state.stores.map(({ name, sequence }) => [name, sequence]));
    forward.expect({ installation: state.installation, revision: state.revision, deployments, states });
  }

  async function followOnce(): Promise<void> {
    const askedAt = performance.now();
    const identity = await databaseIdentity(pool);
    // Before the deployments, so that none of them is missing at the state that is taken over.
    const states = await stateSequences(pool);
    const deployments = await currentDeployments(pool);
    const reached = reachedStates(states, deployments);
    assertForward({ ...identity, deployments, states: reached });
    await followCredentials(identity.revision);
    await followGlasses();
    await followOverrides();
    await followDeployments(deployments, reached, states);
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

  /** At once, as credentials are: what is closed is not to wait until a bundle has loaded. */
  async function followGlasses(): Promise<void> {
    const at = performance.now();
    const glasses = heldGlasses(await openGlasses(pool), at, current.glasses);
    if (glasses !== current.glasses) publish({ ...current, glasses });
  }

  async function followOverrides(): Promise<void> {
    overridden = new Set((await listOverrides(pool)).map(({ digest }) => digest));
  }

  async function followDeployments(
    deployments: readonly Deployment[],
    reached: ReadonlyMap<string, bigint>,
    states: ReadonlyMap<string, StateSequence>,
  ): Promise<void> {
    const requirements = await requirementSequences(pool);
    const keys = deployments.some(({ canary }) => canary !== null) ? await assignmentKeys(pool) : undefined;
    // One store's after the other: they are read in pages, and there may be many.
    const caughtUp = new Map<string, HeldEntities>();
    for (const [name, upTo] of reached) {
      const lastWrite = states.get(name)?.lastWrite;
      caughtUp.set(name, await catchUp(pool, name, takeovers.heldBy(name), { upTo, lastWrite }));
    }

    // Nothing is waited for from here on, so that nobody takes over the entities of one state with the deployment of another.
    takeovers.hold(caughtUp);
    const missing = [...states.keys()].filter((name) => !current.stores.has(name));
    if (missing.length > 0) publishStores(missing.map(emptyStore));

    for (const deployment of deployments) {
      const { store } = deployment;
      takeovers.follow({ deployment, requirement: requirements.get(store) ?? 0n, key: keys?.get(store) });
    }
    signatures.watch(
      [...current.stores.values()].flatMap(({ name: store, bundle, staged }) =>
        [bundle, staged?.canary?.bundle].flatMap((one) =>
          one === undefined ? [] : [{ store, digest: one.ref.digest, name: one.ref.name }],
        ),
      ),
    );
  }

  function evaluatorOf(digest: string): EvaluatorName {
    return overridden.has(digest) ? 'cedar' : evaluator;
  }

  function forgetUnused(): void {
    const served = [...current.stores.values()].flatMap(({ bundle, staged }) =>
      [bundle, staged?.canary?.bundle].flatMap((one) => one?.ref.digest ?? []),
    );
    bundles.keepOnly([...takeovers.digests(), ...served]);
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

/** Before anything is served of a store. */
function emptyStore(name: string): StoreState {
  return { name, sequence: 0n, bundle: undefined, entities: NO_ENTITIES };
}

/** By store: the state that its newest deployment and all earlier changes make; a deployment may have come since the states were read. */
function reachedStates(
  states: ReadonlyMap<string, StateSequence>,
  deployments: readonly Deployment[],
): ReadonlyMap<string, bigint> {
  const reached = new Map([...states].map(([name, { state }]) => [name, state]));
  for (const { store, stateSequence } of deployments) {
    if (stateSequence > (reached.get(store) ?? 0n)) reached.set(store, stateSequence);
  }

  return reached;
}
