import type { Keyring } from '../../ledger/keyring.ts';
import type { Database } from '../../store/database.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Config } from '../config/config.ts';
import type { Replica } from '../replica.ts';
import { createSnapshotKeeper, type KeeperStats } from './keeper.ts';
import type { SnapshotPlace } from './place.ts';

export interface KeepingOptions {
  readonly config: Config;
  /** Absent: nothing is kept here, or another process of this server does it. */
  readonly place: SnapshotPlace | undefined;
  readonly keyring: Keyring;
  readonly replica: Replica;
  readonly database: Database;
  readonly log: Log;
}

/** The snapshot of this process, as far as others look at it. */
export interface Keeping {
  /** `undefined`: it keeps none. */
  stats(): KeeperStats | undefined;
  stop(): Promise<void>;
}

/** Keeps what the replica takes over, as configured. */
export function startKeeping({ config, place, ...options }: KeepingOptions): Keeping {
  if (place === undefined) return { stats: () => undefined, stop: () => Promise.resolve() };

  const maxStalenessMs = config.PALISADE_MAX_STALENESS;
  const keeper = createSnapshotKeeper({ ...options, place, maxStalenessMs });

  return { stats: keeper.stats, stop: keeper.close };
}
