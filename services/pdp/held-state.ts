import type { FollowedGlass } from '../store/break-glass/follow.ts';
import type { ActiveCredential } from '../store/credentials.ts';
import type { Deployment } from '../store/deployments.ts';
import type { HeldEntities } from './entities/held-entities.ts';

/** A break-glass without how long it had left: that is for whoever reads it to work out. */
export type SavedGlass = Omit<FollowedGlass, 'leftMs'>;

/** What is served, as PostgreSQL said it: enough to serve it again. */
export interface HeldState {
  /** The database that said it. */
  readonly installation: string;
  readonly revision: bigint;
  readonly credentials: readonly ActiveCredential[];
  readonly overridden: ReadonlySet<string>;
  /** Of all stores, those that have ended meanwhile included. */
  readonly glasses: readonly SavedGlass[];
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
