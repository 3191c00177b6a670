import { describe, expect, test } from 'vitest';
import { getBundle, getBundleArchive, insertBundle, listBundles } from '../../services/store/bundles.ts';
import { withDatabase } from '../support/postgres.ts';
import { aBundle, digestOf } from './samples.ts';

describe('insertBundle', () => {
  test('stores a bundle byte for byte', async () => {
    await withDatabase(async ({ serving }) => {
      const archive = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
      const bundle = aBundle({ archive, manifest: { name: 'coding-agent', owners: ['é', '"'] } });

      expect(await insertBundle(serving, bundle)).toEqual({ created: true });

      const { archive: _, ...info } = bundle;
      expect(await getBundle(serving, bundle.digest)).toEqual({
        ...info,
        size: archive.length,
        createdAt: expect.any(Date),
      });
      expect(Buffer.compare(await getBundleArchive(serving, bundle.digest), archive)).toBe(0);
    });
  });

  test('takes the same content twice as one bundle', async () => {
    await withDatabase(async ({ serving }) => {
      const results = await Promise.all(Array.from({ length: 8 }, () => insertBundle(serving, aBundle())));

      expect(results.filter(({ created }) => created)).toHaveLength(1);
      expect((await listBundles(serving, { limit: 10 })).bundles).toHaveLength(1);
    });
  });

  test('refuses another digest under a name and version that exist, and names the digest', async () => {
    await withDatabase(async ({ serving }) => {
      await insertBundle(serving, aBundle());

      await expect(insertBundle(serving, aBundle({ digest: digestOf('other') }))).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining(aBundle().digest),
      });
    });
  });

  test.each(['', 'sha256:', digestOf('x').toUpperCase(), `${digestOf('x')}\n`, `x${digestOf('x')}`])(
    'refuses %j as a digest',
    async (digest) => {
      await withDatabase(async ({ serving }) => {
        await expect(insertBundle(serving, aBundle({ digest }))).rejects.toMatchObject({
          code: 'invalid_request',
        });
      });
    },
  );
});

describe('getBundle and getBundleArchive', () => {
  test('say that a digest is not there', async () => {
    await withDatabase(async ({ serving }) => {
      await expect(getBundle(serving, digestOf('none'))).rejects.toMatchObject({ code: 'not_found' });
      await expect(getBundleArchive(serving, digestOf('none'))).rejects.toMatchObject({ code: 'not_found' });
    });
  });
});

describe('listBundles', () => {
  test('gives every bundle once, newest first, page by page', async () => {
    await withDatabase(async ({ serving }) => {
      const versions = ['1.0.0', '1.0.1', '1.0.2', '1.0.3', '1.0.4'];
      for (const version of versions)
        await insertBundle(serving, aBundle({ version, digest: digestOf(version) }));

      const seen: string[] = [];
      let before: string | undefined;
      do {
        const page = await listBundles(serving, { limit: 2, before });
        seen.push(...page.bundles.map(({ version }) => version));
        before = page.next;
      } while (before !== undefined);

      expect(seen).toEqual(versions.toReversed());
    });
  });

  test('has no next page where the last one is full', async () => {
    await withDatabase(async ({ serving }) => {
      await insertBundle(serving, aBundle());

      expect((await listBundles(serving, { limit: 1 })).next).toBeUndefined();
      expect(await listBundles(serving, { limit: 1, before: digestOf('none') })).toEqual({
        bundles: [],
        next: undefined,
      });
    });
  });
});
