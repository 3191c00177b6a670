import { expect, test } from 'vitest';
import { insertCredential, listCredentials, revokeCredential } from '../../services/store/credentials.ts';
import { createStore, listStores } from '../../services/store/deployments.ts';
import { withTransaction } from '../../services/store/pool.ts';
import { standingPool } from '../../services/store/standing.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';
import { aCredential } from './samples.ts';

const REFUSED = { code: 'unauthenticated', message: 'this credential is unknown, revoked or expired' };

async function holding({ serving }: OpenTestDatabase, changes: Parameters<typeof aCredential>[0] = {}) {
  const credential = aCredential({ roles: ['admin'], stores: ['*'], ...changes });
  await insertCredential(serving, credential);

  return { id: credential.id, pool: standingPool(serving, credential.id) };
}

test('a credential changes things until it is revoked, and nothing from then on', async () => {
  await withDatabase(async (database) => {
    const { id, pool } = await holding(database);
    await createStore(pool, 'before');
    await revokeCredential(database.serving, id);

    await expect(createStore(pool, 'after')).rejects.toMatchObject(REFUSED);
    expect((await listStores(database.serving)).map(({ name }) => name)).toEqual(['before', 'default']);
  });
});

test('one that has expired, or never was, changes nothing', async () => {
  await withDatabase(async (database) => {
    const { pool } = await holding(database, { expiresAt: new Date(Date.now() - 1) });

    await expect(createStore(pool, 'after')).rejects.toMatchObject(REFUSED);
    await expect(createStore(standingPool(database.serving, 'nobody'), 'after')).rejects.toMatchObject(
      REFUSED,
    );
  });
});

test('one may revoke itself', async () => {
  await withDatabase(async (database) => {
    const { id, pool } = await holding(database);
    await revokeCredential(pool, id);

    await expect(revokeCredential(pool, id)).rejects.toMatchObject(REFUSED);
  });
});

test('a revocation waits for the change that has begun', async () => {
  await withDatabase(async (database) => {
    const { id, pool } = await holding(database);
    const steps: string[] = [];
    const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const changing = withTransaction(pool, async () => {
      begun.resolve();
      await over.promise;
      steps.push('changed');
    });
    await begun.promise;
    const revoking = revokeCredential(database.serving, id).then(() => steps.push('revoked'));
    await expect
      .poll(async () => {
        const { rows } = await database.owner.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );

        return rows.length;
      })
      .toBeGreaterThan(0);
    over.resolve();
    await Promise.all([changing, revoking]);

    expect(steps).toEqual(['changed', 'revoked']);
  });
});

test('making credentials and losing the right to it do not block each other', async () => {
  await withDatabase(async (database) => {
    for (let round = 0; round < 20; round += 1) {
      const { id, pool } = await holding(database);
      const [made] = await Promise.allSettled([
        insertCredential(pool, aCredential({ name: `made-${round}` })),
        revokeCredential(database.serving, id),
      ]);

      if (made.status === 'rejected') expect(made.reason).toMatchObject(REFUSED);
    }
    const active = (await listCredentials(database.serving)).filter(({ revokedAt }) => revokedAt === null);

    expect(active.every(({ name }) => name.startsWith('made-'))).toBe(true);
  });
});
