import { writeArchive } from '../../../services/bundles/archive.ts';
import type { BundleFiles } from '../../../services/bundles/files.ts';
import { deployArchive, type ServerWorld } from '../../support/server.ts';
import { allServe, type Replica } from './three-replicas.ts';

/** Three processes on one database, which several subjects are tried on, one after the other. */
export interface Three {
  readonly world: ServerWorld;
  readonly replicas: readonly [Replica, Replica, Replica];
}

/** Makes a bundle the active one of the store `default`; settles once all three serve it. */
export async function deployToAll({ world, replicas }: Three, files: BundleFiles): Promise<void> {
  const [first] = replicas;
  await deployArchive(world, first.server.addresses.admin, writeArchive(files));
  const { body } = await first.admin('GET', '/v1/stores/default/deployment');
  const { active } = body as { active: { sequence: bigint } };
  await allServe(replicas, active.sequence, 20_000);
}

/** Starts a process where a killed one was: with its id, on its disk. */
export async function replace({ world }: Three, victim: Replica): Promise<void> {
  victim.server = await world.serve({
    PALISADE_PROCESS_ID: victim.id,
    PALISADE_SPOOL_DIR: `${world.home}/${victim.id}`,
  });
}
