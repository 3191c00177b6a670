import { describe, expect, test } from 'vitest';
import { openSnapshot } from '../../services/pdp/disk/open.ts';
import {
  BackwardsError,
  createForward,
  ForeignDatabaseError,
  type Seen,
} from '../../services/pdp/forward.ts';
import { insertCredential } from '../../services/store/credentials.ts';
import { currentDeployments } from '../../services/store/deployments.ts';
import { stateSequences } from '../../services/store/entities.ts';
import { databaseIdentity } from '../../services/store/installation.ts';
import { aCredential } from '../store/samples.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';
import { replicaOf, withDisk } from './disk/support.ts';
import { deployVersion } from './support/deploy.ts';

async function look({ serving }: OpenTestDatabase): Promise<Seen> {
  const deployments = await currentDeployments(serving);
  const states = new Map([...(await stateSequences(serving))].map(([name, { state }]) => [name, state]));

  return { ...(await databaseIdentity(serving)), deployments, states };
}

describe('what PostgreSQL says', () => {
  test('is taken over while it goes forward, and refused where it is of an older backup or another history', async () => {
    await withDatabase(async (database) => {
      await deployVersion(database.owner, '1.0.0');
      const first = await look(database);
      await deployVersion(database.owner, '2.0.0');
      await insertCredential(database.owner, aCredential());
      const second = await look(database);
      const forward = createForward();
      for (const seen of [first, first, second]) forward.assertForward(seen);

      const [deployment] = second.deployments;
      if (deployment === undefined) throw new Error('nothing is deployed');
      const other = { ...deployment, createdAt: new Date(0) };
      for (const gone of [
        first,
        { ...second, revision: first.revision },
        { ...second, deployments: [] },
        { ...second, states: first.states },
        { ...second, states: new Map() },
        { ...second, deployments: first.deployments },
        { ...second, deployments: [other] },
      ]) {
        expect(() => forward.assertForward(gone)).toThrow(BackwardsError);
      }
      expect(() => forward.assertForward({ ...second, installation: 'other' })).toThrow(ForeignDatabaseError);
      forward.assertForward(second);
    });
  });

  test('is not followed back by a process that runs, nor by one that starts with its snapshot', async () => {
    await withDatabase((database) =>
      withDisk(async ({ keep, place, keyring }) => {
        const { owner, serving } = database;
        await deployVersion(owner, '1.0.0');
        await deployVersion(owner, '2.0.0');
        const running = await keep(serving);
        const before = running.snapshot();
        // As a backup of a minute ago has it, with a token since revoked.
        await owner.query('alter table deployments disable trigger all');
        await owner.query('update stores set sequence = 1');
        await owner.query('delete from deployments where sequence = 2');
        await insertCredential(owner, aCredential());

        await expect(running.refresh()).rejects.toThrow(
          /has gone back: the store default is at sequence 1, and was at 2/,
        );
        expect(running.snapshot()).toBe(before);
        const age = running.ageMs();
        await expect(running.refresh()).rejects.toThrow(BackwardsError);
        expect(running.ageMs()).toBeGreaterThan(age);

        const started = replicaOf(serving);
        started.expect(await openSnapshot(place, keyring));
        await expect(started.refresh()).rejects.toThrow(BackwardsError);
        expect(started.snapshot().credentials.size).toBe(0);
      }),
    );
  });
});
