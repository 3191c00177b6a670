import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeArchive } from '../../../services/bundles/archive.ts';
import { bundleDigest } from '../../../services/bundles/digest.ts';
import { readPiece } from '../../../services/pdp/disk/entity-pieces.ts';
import { makeFolder, snapshotFiles } from '../../../services/pdp/disk/files.ts';
import { openSnapshot } from '../../../services/pdp/disk/open.ts';
import { createSavedEntities } from '../../../services/pdp/disk/saved-entities.ts';
import type { HeldDocument } from '../../../services/pdp/entities/held-entities.ts';
import { NOTHING_HELD } from '../../../services/pdp/entities/held-entities.ts';
import { insertBundle } from '../../../services/store/bundles.ts';
import { activate } from '../../../services/store/change-deployment.ts';
import type { Pool } from '../../../services/store/database.ts';
import { storeBundle } from '../../bundles/stored/store-bundle.ts';
import { aBundle } from '../../store/samples.ts';
import { withDatabase } from '../../support/postgres.ts';
import { gone, team, user, write } from '../entities/support/write.ts';
import { GONE, replicaOf, withDisk } from './support.ts';

async function deploy(pool: Parameters<typeof write>[0]): Promise<void> {
  const files = storeBundle();
  const digest = bundleDigest(files);
  await insertBundle(pool, aBundle({ digest, name: 'teams', archive: writeArchive(files) }));
  await activate(pool, { store: 'default', digest, expectedSequence: undefined, author: 'test', reason: '' });
}

describe('what a store holds', () => {
  test('is served from the disk with its deployment, while PostgreSQL is away', async () => {
    await withDatabase(({ serving }) =>
      withDisk(async ({ place, keyring, keep }) => {
        await deploy(serving);
        await write(serving, 'default', team('writers', 'good'), user('a', 1, 'writers'), user('b', 1));
        await keep(serving);
        await write(serving, 'default', team('writers', 'evil'), gone('User', 'b'));
        const before = await keep(serving);
        expect(await readFile(place.file, 'utf8')).not.toContain('writers');
        for (const name of await readdir(place.entities)) {
          expect(await readFile(join(place.entities, name), 'utf8')).not.toContain('writers');
        }

        const replica = replicaOf(GONE);
        await replica.restore(await openSnapshot(place, keyring));
        const state = replica.snapshot().stores.get('default');
        const read = state?.bundle === undefined ? undefined : state.entities.read.get(state.bundle);
        expect(state?.entities.held.sequence).toBe(3n);
        expect(read?.entity('User::"a"')?.ancestors).toEqual(new Set(['Team::"writers"', 'Org::"evil"']));
        expect(read?.entity('User::"b"')).toBeUndefined();
        expect(new Map(state?.entities.held.documents.entries())).toEqual(
          new Map(before.snapshot().stores.get('default')?.entities.held.documents.entries()),
        );
        expect(replica.lags()).toEqual([]);
      }),
    );
  });

  test('goes on from the disk with what was written meanwhile', async () => {
    await withDatabase(({ serving }) =>
      withDisk(async ({ place, keyring, keep }) => {
        await deploy(serving);
        await write(serving, 'default', team('writers', 'good'), user('a', 1, 'writers'));
        await keep(serving);
        await write(serving, 'default', gone('User', 'a'), user('b', 2, 'writers'));

        let away = true;
        const pool: Pool = {
          query: (...args) => (away ? GONE.query(...args) : serving.query(...args)),
          connect: () => (away ? GONE.connect() : serving.connect()),
        };
        const replica = replicaOf(pool);
        await replica.restore(await openSnapshot(place, keyring));
        const keys = () =>
          [...(replica.snapshot().stores.get('default')?.entities.held.documents.entries() ?? [])]
            .map(([key]) => key)
            .sort();
        expect(keys()).toEqual(['Team::"writers"', 'User::"a"']);

        away = false;
        await replica.refresh();
        await replica.settled();
        expect(keys()).toEqual(['Team::"writers"', 'User::"b"']);
      }),
    );
  });

  test('is not served where a file of it was changed, cut, swapped or taken away', async () => {
    await withDatabase(({ serving }) =>
      withDisk(async ({ place, keyring, keep, copy, folder }) => {
        await deploy(serving);
        const users = Array.from({ length: 2_500 }, (_, index) => user(`u${index}`, 1));
        await write(serving, 'default', ...users);
        await keep(serving);
        const [first = '', second = ''] = (await readdir(place.entities)).map((name) =>
          join(place.entities, name),
        );
        await copy(place.entities, join(folder, 'good'));
        const sealed = await readFile(first);

        const damages = [
          () => writeFile(first, sealed.subarray(0, -1)),
          () => writeFile(first, Buffer.concat([sealed.subarray(0, -1), Buffer.of(1)])),
          () => writeFile(first, ''),
          () => rename(second, first),
        ];
        for (const damage of damages) {
          await damage();
          const saved = await openSnapshot(place, keyring);
          await expect(replicaOf(GONE).restore(saved)).rejects.toThrow(
            /^what the store default held is not used: /,
          );
          await copy(join(folder, 'good'), place.entities);
        }
        await replicaOf(GONE).restore(await openSnapshot(place, keyring));
      }),
    );
  });
});

describe('the pieces of a store', () => {
  const document = (text: string): HeldDocument => ({ type: 'T', text });
  const change = fc.tuple(
    fc.nat(40).map((key) => `T::"${key}"`),
    fc.option(fc.string(), { nil: undefined }),
  );

  test('say together what it holds, whatever was written and saved, and by which process', async () => {
    await withDisk(async ({ place, keyring }) => {
      await makeFolder(place.folder);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.array(change), fc.boolean()), { maxLength: 12 }),
          async (rounds) => {
            let entities = createSavedEntities(place, keyring, snapshotFiles);
            let { documents } = NOTHING_HELD;
            for (const [changes, restarted] of rounds) {
              if (restarted) entities = createSavedEntities(place, keyring, snapshotFiles);
              documents = documents.with(
                changes.map(([key, text]) => [key, text === undefined ? undefined : document(text)]),
              );
              const pieces = await entities.ensure('default', { sequence: 1n, documents });
              await entities.clean(pieces);
              let read = NOTHING_HELD.documents;
              for (const piece of pieces) read = read.with(await readPiece(place, keyring, piece));

              expect(new Map(read.entries())).toEqual(new Map(documents.entries()));
              expect(await readdir(place.entities).catch(() => [])).toHaveLength(pieces.length);
              expect(pieces.length).toBeLessThanOrEqual(1);
            }
          },
        ),
        { numRuns: 25 },
      );
    });
  });

  test('stay few, and small changes write little, however often a large store is saved', async () => {
    await withDisk(async ({ place, keyring }) => {
      await makeFolder(place.folder);
      const written: number[] = [];
      const entities = createSavedEntities(place, keyring, {
        async replace(path, chunks) {
          const all = Buffer.concat(await Array.fromAsync(chunks));
          written.push(all.length);
          await snapshotFiles.replace(path, [all]);
        },
      });
      let documents = NOTHING_HELD.documents.with(
        Array.from({ length: 20_000 }, (_, index) => [
          `T::"${index}"`,
          document(randomBytes(50).toString('hex')),
        ]),
      );
      await entities.ensure('default', { sequence: 1n, documents });
      expect(written.length).toBe(10);

      let most = 0;
      for (let round = 0; round < 60; round += 1) {
        written.length = 0;
        documents = documents.with(
          Array.from({ length: 50 }, (_, index) => [
            `T::"${(round * 331 + index * 97) % 20_000}"`,
            document(`${round}`),
          ]),
        );
        const pieces = await entities.ensure('default', { sequence: 2n, documents });
        most = Math.max(most, ...written);
        expect(written.length).toBe(1);
        expect(pieces.length).toBeLessThan(14);
      }
      expect(most).toBeLessThan(200_000);
    });
  });
});
