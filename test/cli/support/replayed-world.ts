import { expect, vi } from 'vitest';
import { writeArchive } from '../../../services/bundles/archive.ts';
import type { BundleFiles } from '../../../services/bundles/files.ts';
import { ADMINISTRATIVE_ROLES } from '../../../services/store/credentials.ts';
import { createStore } from '../../../services/store/deployments.ts';
import { createPool } from '../../../services/store/pool.ts';
import { deployArchive, type ServerWorld } from '../../support/server.ts';
import { pushBundle } from '../../support/shared-store.ts';
import { askAll, CANDIDATE, ERRORS, FIRST, REQUESTS, SECOND, WITHOUT_WRITE } from './replayed-log.ts';

/** A server whose log holds the same requests under two bundles, with candidates pushed. Whoever is done ends the owner's pool. */
export async function replayedWorld(made: ServerWorld) {
  const owner = createPool({ connection: made.database.ownerUrl });
  await createStore(owner, 'elsewhere');
  const foreign = await made.credential({
    name: 'foreign-admin',
    roles: ADMINISTRATIVE_ROLES,
    stores: ['elsewhere'],
  });
  const server = await made.serve();
  for (const bundle of [FIRST, SECOND]) {
    await deployArchive(made, server.addresses.admin, writeArchive(bundle));
    await askAll(made, server);
  }
  const recorded = 2 * (REQUESTS + ERRORS);
  await vi.waitFor(async () => {
    const { rows } = await owner.query(
      "select count(*)::int as count from decisions where kind in ('decision', 'error')",
    );
    expect(rows[0].count).toBe(recorded);
  }, 20_000);

  const admin = { addresses: server.addresses, adminToken: made.adminToken };
  const digestOf = async (files: BundleFiles) => String((await pushBundle(admin, files)).body['digest']);
  const digests = { candidate: await digestOf(CANDIDATE), withoutWrite: await digestOf(WITHOUT_WRITE) };

  return { ...made, server, owner, foreign, digests };
}
