import { describe, expect, test } from 'vitest';
import {
  ADMINISTRATIVE_ROLES,
  activeCredentials,
  insertCredential,
  type NewCredential,
  revokeCredential,
} from '../../services/store/credentials.ts';
import { type AdminRequest, makeAdmin } from '../../services/store/make-admin.ts';
import { createPool } from '../../services/store/pool.ts';
import {
  createTestDatabase,
  type OpenTestDatabase,
  runAsAdmin,
  testServer,
  withDatabase,
} from '../support/postgres.ts';
import { aCredential } from './samples.ts';

const anAdmin = (changes: Partial<NewCredential> = {}) =>
  aCredential({ roles: ADMINISTRATIVE_ROLES, stores: ['*'], ...changes });

function make(pool: OpenTestDatabase['owner'], changes: Partial<AdminRequest> = {}) {
  const request = { credential: anAdmin(), force: false, revokes: () => false, ...changes };

  return makeAdmin(pool, request, async () => undefined);
}

async function goodNames({ owner }: Pick<OpenTestDatabase, 'owner'>): Promise<string[]> {
  return (await activeCredentials(owner)).credentials.map(({ name }) => name).sort();
}

describe('making an admin', () => {
  test('lets one of many at once win', async () => {
    await withDatabase(async (database) => {
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => make(database.owner)));

      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await goodNames(database)).toHaveLength(1);
    });
  });

  test('goes by admins that are good: neither revoked, nor expired, nor without the role', async () => {
    await withDatabase(async (database) => {
      const { owner } = database;
      const revoked = anAdmin();
      await insertCredential(owner, revoked);
      await revokeCredential(owner, revoked.id);
      await insertCredential(owner, anAdmin({ name: 'expired', expiresAt: new Date(0) }));
      await insertCredential(owner, aCredential({ name: 'operator', roles: ['operator'] }));

      const credential = anAdmin({ name: 'first' });
      expect(await make(owner, { credential })).toMatchObject({ goodBefore: [], revoked: [] });
      expect(await goodNames(database)).toEqual(['expired', 'first', 'operator']);
      await expect(make(owner)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(
          new RegExp(`neither revoked nor expired: first \\(${credential.id}\\)$`),
        ),
      });
    });
  });

  test('counts one that a certificate proves', async () => {
    await withDatabase(async ({ owner }) => {
      const certificate = { secretHash: null, certificateSan: 'URI:spiffe://example.org/admin' };
      await insertCredential(owner, anAdmin({ name: 'by-certificate', roles: ['admin'], ...certificate }));

      await expect(make(owner)).rejects.toThrow('by-certificate');
    });
  });

  test('by force says who was good, and revokes those that it is told to, expired ones too', async () => {
    await withDatabase(async (database) => {
      const { owner } = database;
      const lost = anAdmin({ name: 'lost' });
      const kept = anAdmin({ name: 'kept' });
      const expired = anAdmin({ name: 'expired', expiresAt: new Date(0) });
      for (const one of [lost, kept, expired, aCredential({ name: 'agent' })]) {
        await insertCredential(owner, one);
      }
      const namedOf = ({ id, name }: NewCredential) => ({ id, name });

      // Also under the name of one that ends with it.
      const credential = anAdmin({ name: 'lost' });
      expect(
        await make(owner, { credential, force: true, revokes: ({ name }) => name !== 'kept' }),
      ).toMatchObject({
        goodBefore: [namedOf(lost), namedOf(kept)],
        revoked: [namedOf(lost), namedOf(expired)],
      });
      expect(await goodNames(database)).toEqual(['agent', 'kept', 'lost']);
    });
  });

  test('changes nothing where what must be done before the commit fails', async () => {
    await withDatabase(async (database) => {
      const { owner } = database;
      await insertCredential(owner, anAdmin({ name: 'lost' }));
      const { revision } = await activeCredentials(owner);
      const request = { credential: anAdmin(), force: true, revokes: () => true };

      await expect(makeAdmin(owner, request, () => Promise.reject(new Error('no record')))).rejects.toThrow(
        'no record',
      );
      expect(await activeCredentials(owner)).toMatchObject({ revision, credentials: [{ name: 'lost' }] });
    });
  });
});

describe('who is not the owner', () => {
  test('makes no admin with the serving role, although it inserts credentials', async () => {
    await withDatabase(async (database) => {
      await insertCredential(database.serving, aCredential({ name: 'agent' }));

      await expect(make(database.serving)).rejects.toMatchObject({
        code: 'permission_denied',
        message: expect.stringContaining('the role that runs palisade migrate'),
      });
      expect(await goodNames(database)).toEqual(['agent']);
    });
  });

  test('makes none with a role that may read nothing', async () => {
    const database = await createTestDatabase();
    const role = `${database.name}_stranger`;
    await runAsAdmin(testServer().adminUrl, `create role ${role} login password 'stranger'`);
    const url = new URL(database.ownerUrl);
    url.username = role;
    url.password = 'stranger';
    const pool = createPool({ connection: url.href, max: 1 });
    try {
      await expect(make(pool)).rejects.toMatchObject({ code: 'permission_denied' });
    } finally {
      await pool.end();
      await database.drop();
      await runAsAdmin(testServer().adminUrl, `drop role ${role}`);
    }
  });
});
