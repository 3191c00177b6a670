import type { CompiledBundle } from '../bundles/compile.ts';
import type { CredentialDirectory } from './credentials.ts';

/** What one policy store runs, as this process holds it in memory. */
export interface StoreState {
  readonly name: string;
  /** Sequence of the deployment; 0 where nothing was ever deployed. */
  readonly sequence: bigint;
  /** Absent where nothing is deployed. */
  readonly bundle: CompiledBundle | undefined;
}

/** All that decisions depend on, at one moment. Immutable: a request that holds one sees one bundle. */
export interface Snapshot {
  readonly stores: ReadonlyMap<string, StoreState>;
  readonly credentials: CredentialDirectory;
}

export const EMPTY_SNAPSHOT: Snapshot = { stores: new Map(), credentials: new Map() };
