import type { CompiledBundle } from '../bundles/compile.ts';
import type { EvaluatorName } from '../engine/evaluator.ts';
import type { Deployment } from '../store/deployments.ts';
import { UnsignedError } from '../store/signed.ts';
import type { Admissions, Admitted, Candidacy } from './admissions.ts';
import type { BundleCache } from './bundle-cache.ts';
import { type HeldEntities, NOTHING_HELD } from './entities/held-entities.ts';
import { readBy, type StoreEntities } from './entities/store-entities.ts';
import type { StoreState } from './snapshot.ts';
import { stagedOf } from './stage.ts';

/** A deployment that this process does not serve yet as it should, or could not take over. */
export interface Lag {
  readonly store: string;
  readonly sequence: bigint;
  readonly digest: string;
  readonly failed: boolean;
  /** Whether it failed because its bundle is not signed as the store requires. */
  readonly unsigned?: boolean;
}

/** What a store is to serve: its newest deployment, and what it holds at a state of which no newer one is part. */
export interface Followed extends Candidacy {
  /** The store's secret; absent where there is no canary. */
  readonly key: Uint8Array | undefined;
}

export interface TakeoverOptions {
  readonly bundles: Pick<BundleCache, 'get'>;
  readonly admissions: Admissions;
  readonly evaluatorOf: (digest: string) => EvaluatorName;
  /** What is served of a store, for all that it shares with what comes. */
  readonly entitiesOf: (store: string) => StoreEntities;
  /** Serves a state from now on. */
  readonly serve: (state: StoreState) => void;
  /** Told of each try that failed; what was served before goes on. */
  readonly onFailure: (lag: Lag, error: unknown) => void;
}

/** Makes ready what stores are to serve, in the background, and serves it: all of a deployment and of a state, or nothing of them. */
export interface Takeovers {
  /** What a store was last said to hold. */
  heldBy(store: string): HeldEntities;
  /** Takes note of what stores hold; whoever does so lets their deployments follow before it waits for anything. */
  hold(holdings: ReadonlyMap<string, HeldEntities>): void;
  /** Begins to take a deployment over, tries again one that failed a while ago, or keeps up with what its store holds. */
  follow(followed: Followed): void;
  /** What is served of a store, as it was deployed. */
  served(store: string): Followed | undefined;
  lags(): readonly Lag[];
  /** Digests of the bundles that decide in what is followed. */
  digests(): readonly string[];
  /** Settles when all that is followed so far is served or has failed. */
  settled(): Promise<void>;
}

/** A bundle that failed to load is not tried again at every poll. */
const RETRY_MS = 10_000;

interface Target extends Followed {
  /** Of each bundle that decides, by digest. */
  readonly evaluators: ReadonlyMap<string, EvaluatorName>;
  /** What it takes besides entities, once that is asked for. */
  ready: Promise<Ready> | undefined;
  /** With what its store holds; `undefined`: it is not served yet. */
  served: HeldEntities | undefined;
  failedAt: number | undefined;
  unsigned: boolean;
  /** Whether it is being taken over, with all entities that come meanwhile. */
  isUnderway: boolean;
  underway: Promise<void>;
}

interface Ready extends Pick<StoreState, 'bundle' | 'staged'> {
  readonly candidate: CompiledBundle | undefined;
  readonly admitted: Admitted;
}

export function createTakeovers(options: TakeoverOptions): Takeovers {
  const { bundles, admissions, evaluatorOf, entitiesOf, serve, onFailure } = options;
  const targets = new Map<string, Target>();
  const serving = new Map<string, Target>();
  const holdings = new Map<string, HeldEntities>();

  return {
    heldBy,

    hold(held) {
      for (const [store, entities] of held) holdings.set(store, entities);
    },

    follow(followed) {
      const target = targets.get(followed.deployment.store);
      if (target === undefined || !isSame(target, followed)) begin(followed);
      else if (target.failedAt === undefined) keepUp(target);
      // A bundle that is tried again still counts as failed, or readiness would flicker.
      else if (performance.now() - target.failedAt > RETRY_MS)
        begin(followed, { failedAt: performance.now(), unsigned: target.unsigned });
    },

    served: (store) => serving.get(store),

    lags() {
      return [...targets.values()]
        .filter(({ served, failedAt }) => served === undefined || failedAt !== undefined)
        .map(lagOf);
    },

    digests: () => [...targets.values()].flatMap(({ evaluators }) => [...evaluators.keys()]),

    async settled() {
      await Promise.all([...targets.values()].map(({ underway }) => underway));
    },
  };

  function heldBy(store: string): HeldEntities {
    return holdings.get(store) ?? NOTHING_HELD;
  }

  function isSame(target: Target, { deployment, requirement }: Candidacy): boolean {
    return (
      target.deployment.sequence === deployment.sequence &&
      target.requirement === requirement &&
      sameEntries(target.evaluators, evaluatorsOf(deployment))
    );
  }

  function evaluatorsOf(deployment: Deployment): ReadonlyMap<string, EvaluatorName> {
    return new Map(decidingBundles(deployment).map((digest) => [digest, evaluatorOf(digest)]));
  }

  function begin(followed: Followed, failed: Partial<Pick<Target, 'failedAt' | 'unsigned'>> = {}): void {
    const target: Target = {
      ...followed,
      ...{ evaluators: evaluatorsOf(followed.deployment), ready: undefined, served: undefined },
      ...{ failedAt: undefined, unsigned: false, isUnderway: false, underway: Promise.resolve() },
      ...failed,
    };
    targets.set(target.deployment.store, target);
    keepUp(target);
  }

  function keepUp(target: Target): void {
    if (target.isUnderway || target.served === heldBy(target.deployment.store)) return;
    target.underway = takeOver(target);
  }

  /** A deployment whose canary does not load is not served, nor a state with an entity that does not fit. */
  async function takeOver(target: Target): Promise<void> {
    const { store: name, sequence } = target.deployment;
    target.isUnderway = true;
    try {
      target.ready ??= makeReady(target);
      const { bundle, candidate, staged, admitted } = await target.ready;
      // More may be written while it is read.
      while (target.served !== heldBy(name)) {
        const held = heldBy(name);
        const entities = await readBy([bundle, candidate], held, entitiesOf(name));
        // A newer deployment may have come meanwhile, and may even be served already.
        if (targets.get(name) !== target) return;
        target.served = held;
        serving.set(name, target);
        admissions.serve(name, admitted);
        serve({ name, sequence, bundle, staged, entities });
      }
      target.failedAt = undefined;
    } catch (error) {
      target.failedAt = performance.now();
      target.unsigned = error instanceof UnsignedError;
      onFailure(lagOf(target), error);
    } finally {
      target.isUnderway = false;
    }
  }

  async function makeReady(target: Target): Promise<Ready> {
    const { deployment, key, saved } = target;
    const admitted = await admissions.admit(target);
    const [bundle, candidate] = await Promise.all(
      [...decidingBundles(deployment)].map((digest) =>
        bundles.get(digest, target.evaluators.get(digest) ?? evaluatorOf(digest), saved),
      ),
    );

    return { bundle, candidate, staged: await stagedOf(deployment, bundle, candidate, key), admitted };
  }
}

function lagOf({ deployment: { store, sequence, digest }, failedAt, unsigned }: Target): Lag {
  return { store, sequence, digest, failed: failedAt !== undefined, unsigned };
}

/** The active one first. */
function decidingBundles({ digest, canary }: Deployment): readonly string[] {
  return canary === null ? [digest] : [digest, canary.digest];
}

function sameEntries<Value>(one: ReadonlyMap<string, Value>, other: ReadonlyMap<string, Value>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
