import type { ActiveCredential } from '../store/credentials.ts';
import type { Deployment } from '../store/deployments.ts';
import type { HeldEntities } from './entities/held-entities.ts';

/** What is served, as PostgreSQL said it: enough to serve it again. */
export interface HeldState {
  /** The database that said it. */
  readonly installation: string;
  readonly revision: bigint;
  readonly credentials: readonly ActiveCredential[];
  readonly overridden: ReadonlySet<string>;
  readonly stores: readonly {
    readonly name: string;
    /** `null`: nothing is served. */
    readonly deployment: Deployment | null;
    /** The store's secret; `null` where there is no canary. */
    readonly key: Uint8Array | null;
    /** At the state that is served. */
    readonly entities: HeldEntities;
  }[];
}
