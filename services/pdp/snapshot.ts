import type { CompiledBundle } from '../bundles/compile.ts';
import type { Canary, Shadow } from '../store/next-deployment.ts';
import { NO_GLASSES, type OpenGlasses } from './break-glass/held.ts';
import type { CredentialDirectory } from './credentials.ts';
import type { StoreEntities } from './entities/store-entities.ts';

/** Which of the two bundles of a deployment decides. */
export type Arm = 'active' | 'canary';

/** A candidate that decides for a share of the runs. */
export interface RunningCanary extends Omit<Canary, 'digest'> {
  readonly bundle: CompiledBundle;
  /** The store's secret; see {@link ./assign.ts}. */
  readonly key: Uint8Array;
}

/** Policies whose effect is told, and not enforced. */
export interface Monitoring {
  /** `undefined`: all of the store. */
  readonly policies: ReadonlySet<string> | undefined;
  /** For each bundle that decides here: it without those policies. Empty where all are monitored. */
  readonly without: ReadonlyMap<CompiledBundle, CompiledBundle>;
}

/** What stands beside the active bundle of a store. */
export interface Staged {
  readonly canary: RunningCanary | undefined;
  /** Evaluated elsewhere: see {@link ./trial/comparer.ts}. */
  readonly shadow: Shadow | undefined;
  readonly monitoring: Monitoring | undefined;
}

/** What one policy store runs, as this process holds it in memory. */
export interface StoreState {
  readonly name: string;
  /** Sequence of the deployment; 0 where nothing was ever deployed. */
  readonly sequence: bigint;
  /** Absent where nothing is deployed. */
  readonly bundle: CompiledBundle | undefined;
  /** Absent where nothing stands beside it, as in most stores at most times. */
  readonly staged?: Staged | undefined;
  /** Of the state that they are at, whose sequence also counts deployments. */
  readonly entities: StoreEntities;
}

/** All that decisions depend on, at one moment. Immutable: a request that holds one sees one bundle and one state of entities. */
export interface Snapshot {
  readonly stores: ReadonlyMap<string, StoreState>;
  readonly credentials: CredentialDirectory;
  /** What is open, by store; empty at most times. */
  readonly glasses: OpenGlasses;
}

export const EMPTY_SNAPSHOT: Snapshot = { stores: new Map(), credentials: new Map(), glasses: NO_GLASSES };
