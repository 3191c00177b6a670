import { describe, expect, test } from 'vitest';
import {
  activeCredentials,
  insertCredential,
  listCredentials,
  revokeCredential,
} from '../../services/store/credentials.ts';
import { databaseIdentity } from '../../services/store/installation.ts';
import { withDatabase } from '../support/postgres.ts';
import { aCredential } from './samples.ts';

describe('insertCredential', () => {
  test('gives replicas all that was stored', async () => {
    await withDatabase(async ({ serving }) => {
      const credential = aCredential({
        principals: [{ type: 'Agent', ids: ['build-bot', ''] }, { type: 'User' }],
        expiresAt: new Date('2030-01-02T03:04:05.678Z'),
        fullDetail: true,
      });

      await insertCredential(serving, credential);

      expect(await activeCredentials(serving)).toEqual({
        revision: 1n,
        credentials: [{ ...credential, createdAt: expect.any(Date), revokedAt: null }],
      });
    });
  });

  test('keeps any principal and no principal apart', async () => {
    await withDatabase(async ({ serving }) => {
      await insertCredential(serving, aCredential({ id: 'a', principals: null }));
      await insertCredential(serving, aCredential({ id: 'b', principals: [] }));

      const { credentials } = await activeCredentials(serving);
      expect(credentials.map(({ principals }) => principals)).toEqual([null, []]);
    });
  });

  test('refuses the name of an unrevoked credential', async () => {
    await withDatabase(async ({ serving }) => {
      const old = aCredential({ name: 'build-bot' });
      await insertCredential(serving, old);

      await expect(insertCredential(serving, aCredential({ name: 'build-bot' }))).rejects.toMatchObject({
        code: 'conflict',
        field: 'name',
      });

      await revokeCredential(serving, old.id);
      await insertCredential(serving, aCredential({ name: 'build-bot' }));
      expect((await activeCredentials(serving)).credentials).toHaveLength(1);
    });
  });

  test('refuses stores that do not exist', async () => {
    await withDatabase(async ({ serving }) => {
      await expect(
        insertCredential(serving, aCredential({ stores: ['default', 'nowhere'] })),
      ).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('nowhere') });
      expect((await databaseIdentity(serving)).revision).toBe(0n);
    });
  });

  test.each([
    { name: '' },
    { name: 'two words' },
    { name: 'x'.repeat(129) },
    { id: '' },
    { id: 'a b' },
    { secretHash: Uint8Array.of(1) },
  ])('refuses %j', async (changes) => {
    await withDatabase(async ({ serving }) => {
      await expect(insertCredential(serving, aCredential(changes))).rejects.toMatchObject({
        code: 'invalid_request',
      });
    });
  });
});

describe('revokeCredential', () => {
  test('takes it from the replicas, keeps it in the list, and keeps the first time', async () => {
    await withDatabase(async ({ serving }) => {
      const credential = aCredential();
      await insertCredential(serving, credential);

      await revokeCredential(serving, credential.id);
      const [listed] = await listCredentials(serving);
      await revokeCredential(serving, credential.id);

      expect(await activeCredentials(serving)).toEqual({ revision: 3n, credentials: [] });
      expect(await listCredentials(serving)).toEqual([listed]);
      expect(listed).toMatchObject({ id: credential.id, revokedAt: expect.any(Date) });
      expect(listed).not.toHaveProperty('secretHash');
    });
  });

  test('says that there is no such credential', async () => {
    await withDatabase(async ({ serving }) => {
      await expect(revokeCredential(serving, 'none')).rejects.toMatchObject({ code: 'not_found' });
      expect((await databaseIdentity(serving)).revision).toBe(0n);
    });
  });
});

test.each([
  ['of what happens by itself', 'palisade'],
  ['by which all go who bring no credential', 'anonymous'],
])('nobody goes by the name %s', async (_what, name) => {
  await withDatabase(async ({ serving }) => {
    await expect(insertCredential(serving, aCredential({ name }))).rejects.toMatchObject({
      code: 'invalid_request',
      field: 'name',
    });
  });
});
