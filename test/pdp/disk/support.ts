import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyring, type Keyring, readKeyring } from '../../../services/ledger/keyring.ts';
import { createSnapshotKeeper, type SnapshotKeeperOptions } from '../../../services/pdp/disk/keeper.ts';
import type { SnapshotPlace } from '../../../services/pdp/disk/place.ts';
import { loadBundle, loadBundleFrom } from '../../../services/pdp/loader.ts';
import { createReplica, type Replica, type ReplicaOptions } from '../../../services/pdp/replica.ts';
import { createSignatureWatch } from '../../../services/pdp/signature-watch.ts';
import type { Pool } from '../../../services/store/database.ts';

/** A server's disk, and what is done with it. */
export interface Disk {
  readonly folder: string;
  readonly place: SnapshotPlace;
  readonly keyring: Keyring;
  /** The place of another server on the same disk. */
  placeOf(server: string): SnapshotPlace;
  anotherKeyring(): Promise<Keyring>;
  /** Follows PostgreSQL once, saves what it says, and lets go. */
  keep(pool: Pool, options?: Partial<SnapshotKeeperOptions>): Promise<Replica>;
  /** Copies what lies there, so that it can be put back. */
  copy(from: string, to: string): Promise<void>;
}

export async function withDisk<T>(body: (disk: Disk) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'palisade-disk-'));
  const newKeyring = async (name: string): Promise<Keyring> => {
    await createKeyring(join(folder, name));

    return readKeyring(join(folder, name));
  };
  const keyring = await newKeyring('keyring.json');
  const placeOf = (server: string): SnapshotPlace => {
    const own = join(folder, `${server}.snapshot`);

    return {
      server,
      folder: own,
      file: join(own, 'state'),
      archives: join(own, 'bundles'),
      entities: join(own, 'entities'),
      mark: join(folder, `${server}.mark`),
    };
  };
  const place = placeOf('pdp-1');
  try {
    return await body({
      folder,
      place,
      keyring,
      placeOf,
      anotherKeyring: () => newKeyring('another.json'),

      async keep(pool, options = {}) {
        const replica = replicaOf(pool);
        await replica.refresh();
        await replica.settled();
        const keeper = createSnapshotKeeper({
          ...{ place, keyring, replica, database: pool, maxStalenessMs: 3_600_000 },
          log: { info: () => undefined, warn: () => undefined },
          ...options,
        });
        await keeper.close();
        if (options.files === undefined && keeper.stats().failures > 0) throw new Error('it was not kept');

        return replica;
      },

      async copy(from, to) {
        await rm(to, { recursive: true, force: true });
        await cp(from, to, { recursive: true });
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A replica that knows nothing yet. */
export function replicaOf(pool: Pool, options: Partial<ReplicaOptions> = {}): Replica {
  return createReplica({
    pool,
    evaluator: 'compiled',
    load: (digest, evaluator, archiveOf) =>
      archiveOf === undefined
        ? loadBundle(pool, digest, evaluator)
        : loadBundleFrom(archiveOf, digest, evaluator),
    signatures: createSignatureWatch({ pool, log: { warn: () => undefined } }),
    onLoadFailure: () => undefined,
    ...options,
  });
}

/** PostgreSQL, gone. */
export const GONE: Pool = {
  query: () => Promise.reject(new Error('connect ECONNREFUSED')),
  connect: () => Promise.reject(new Error('connect ECONNREFUSED')),
};
