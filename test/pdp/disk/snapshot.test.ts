import { existsSync } from 'node:fs';
import { chmod, chown, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type Moment, momentBefore, momentNow } from '../../../services/pdp/disk/moment.ts';
import { openSnapshot } from '../../../services/pdp/disk/open.ts';
import { findOrigin } from '../../../services/pdp/origin.ts';
import { insertCredential, revokeCredential } from '../../../services/store/credentials.ts';
import { newKey } from '../../bundles/signature/craft.ts';
import { aCredential } from '../../store/samples.ts';
import { type OpenTestDatabase, withDatabase } from '../../support/postgres.ts';
import { deployVersion } from '../support/deploy.ts';
import { push, requireSignatures, signatureOf } from '../support/signing.ts';
import { type Disk, GONE, replicaOf, withDisk } from './support.ts';

const HOUR_MS = 3_600_000;
const CREDENTIAL = aCredential();

/** A disk with the snapshot of a database that has one deployment and one credential. */
function withSnapshot(body: (disk: Disk, database: OpenTestDatabase) => Promise<void>): Promise<void> {
  return withDatabase((database) =>
    withDisk(async (disk) => {
      await deployVersion(database.owner, '1.0.0');
      await insertCredential(database.owner, CREDENTIAL);
      await disk.keep(database.serving);
      await body(disk, database);
    }),
  );
}

/** Verifies what is on the disk, as a process does before it starts from it. */
async function verify({ place, keyring }: Pick<Disk, 'place' | 'keyring'>, now?: () => Moment) {
  const saved = await openSnapshot(place, keyring, now);
  await saved.verifyArchives();

  return saved;
}

async function start(disk: Pick<Disk, 'place' | 'keyring'>, now?: () => Moment) {
  const saved = await verify(disk, now);
  const replica = replicaOf(GONE);
  await replica.restore(saved);

  return replica;
}

const versionOf = (replica: Awaited<ReturnType<typeof start>>) =>
  replica.snapshot().stores.get('default')?.bundle?.ref.version;

describe('a start from the snapshot', () => {
  test('serves what was served, with its credentials, counts its age, and follows PostgreSQL from there', async () => {
    await withSnapshot(async (disk, { owner, serving }) => {
      const later = () => ({ ...momentNow(), wall: Date.now() + HOUR_MS });
      const replica = await start(disk, later);
      const { stores, credentials } = replica.snapshot();
      expect(stores.get('default')).toMatchObject({ sequence: 1n, bundle: { ref: { version: '1.0.0' } } });
      expect([...credentials.values()]).toMatchObject([
        { name: CREDENTIAL.name, createdAt: expect.any(Date) },
      ]);
      expect([...credentials.values()][0]?.secretHash).toEqual(new Uint8Array(CREDENTIAL.secretHash ?? []));
      expect(replica.restored()).toBe(true);
      expect(replica.ageMs()).toBeGreaterThan(HOUR_MS - 1);
      expect(replica.held()).toBeUndefined();
      await expect(replica.refresh()).rejects.toMatchObject({ code: 'unavailable' });
      expect(versionOf(replica)).toBe('1.0.0');

      const back = replicaOf(serving);
      await back.restore(await openSnapshot(disk.place, disk.keyring));
      await deployVersion(owner, '2.0.0');
      await back.refresh();
      await back.settled();
      expect(versionOf(back)).toBe('2.0.0');
      expect(back.restored()).toBe(false);
      expect(back.ageMs()).toBeLessThan(HOUR_MS);
    });
  });

  test('is by what was taken over last: a credential that was revoked stays so, and archives of no use go', async () => {
    await withSnapshot(async (disk, { owner, serving }) => {
      await revokeCredential(owner, CREDENTIAL.id);
      await deployVersion(owner, '2.0.0');
      await disk.keep(serving);
      const replica = await start(disk);

      expect(replica.snapshot().credentials.size).toBe(0);
      expect(versionOf(replica)).toBe('2.0.0');
      expect(await readdir(disk.place.archives)).toHaveLength(1);
      const folder = (await readdir(disk.place.folder)).toSorted();
      expect(folder).toEqual(['bundles', 'state']);
    });
  });

  test('clears what a server that was killed left half written, and no file of another server', async () => {
    await withSnapshot(async (disk, { owner, serving }) => {
      const own = [`${disk.place.mark}.0123456789abcdef.draft`, `${disk.place.file}.0123456789abcdef.draft`];
      const others = join(dirname(disk.place.mark), 'other.mark.0123456789abcdef.draft');
      for (const path of [...own, others]) await writeFile(path, 'half');
      await deployVersion(owner, '2.0.0');
      await disk.keep(serving);

      expect(own.filter((path) => existsSync(path))).toEqual([]);
      expect(existsSync(others)).toBe(true);
    });
  });

  test('keeps nothing readable on the disk but archives', async () => {
    await withSnapshot(async ({ place }) => {
      for (const path of [place.file, place.mark]) {
        expect(await readFile(path, 'latin1')).not.toMatch(/default|docs|secretHash/);
      }
    });
  });

  test('takes signatures as any load does: those that are missing or have expired are refused', async () => {
    await withSnapshot(async (disk, { owner, serving }) => {
      const key = newKey();
      const { digest } = (await start(disk)).snapshot().stores.get('default')?.bundle?.ref ?? { digest: '' };
      await push(owner, signatureOf(key, digest));
      await requireSignatures(owner, [key], 1);
      await disk.keep(serving);
      expect(versionOf(await start(disk))).toBe('1.0.0');

      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31 * 24 * HOUR_MS });
      const expired = await start(disk).finally(() => vi.useRealTimers());
      expect(versionOf(expired)).toBeUndefined();
      expect(expired.lags()).toMatchObject([{ store: 'default', failed: true, unsigned: true }]);
    });
  });
});

describe('a snapshot is refused', () => {
  const damages: [string, (disk: Disk) => Promise<void>, RegExp][] = [
    ['that was cut', ({ place }) => truncate(place.file, 200), /altered/],
    ['that is empty', ({ place }) => truncate(place.file, 0), /does not begin as a snapshot/],
    ['of which a bit was flipped', ({ place }) => flip(place.file), /altered/],
    ['whose mark was altered', ({ place }) => flip(place.mark), /mark.*altered/],
    ['whose mark is gone', ({ place }) => rm(place.mark), /mark.*there is no/],
    ['that is gone', ({ place }) => rm(place.file), /there is no/],
    ['that is open to others', ({ place }) => chmod(place.file, 0o644), /open to group or others: chmod/],
    [
      'in a folder that is open to others',
      ({ place }) => chmod(place.folder, 0o777),
      /open to group or others/,
    ],
    ['behind a link', ({ place }) => behindLink(place.file), /is a link/],
    ['in a folder behind a link', ({ place }) => behindLink(place.folder), /is no folder/],
    [
      'of a format to come',
      async ({ place }) => {
        const bytes = await readFile(place.file, 'latin1');
        await writeFile(place.file, bytes.replace('"format":1', '"format":2'), 'latin1');
      },
      /format that this version of Palisade does not know/,
    ],
    ['that is too large', ({ place }) => truncate(place.file, 65 * 1024 * 1024), /larger than/],
    [
      'whose archive was replaced',
      async ({ place }) => {
        const [name = ''] = await readdir(place.archives);
        await flip(join(place.archives, name));
      },
      /is not the archive that was saved/,
    ],
    [
      'whose archive is gone',
      async ({ place }) => {
        const [name = ''] = await readdir(place.archives);
        await rm(join(place.archives, name));
      },
      /there is no/,
    ],
  ];
  if (process.geteuid?.() === 0) {
    damages.push([
      'of another account',
      ({ place }) => chown(place.file, 65_534, 65_534),
      /belongs to account 65534/,
    ]);
  }

  test('whatever was done to it, and the reason is told', async () => {
    await withSnapshot(async (disk) => {
      const good = join(disk.folder, 'good');
      await disk.copy(disk.place.folder, good);
      await disk.copy(disk.place.mark, `${good}.mark`);
      for (const [what, damage, reason] of damages) {
        await damage(disk);
        await expect(verify(disk), what).rejects.toThrow(reason);
        await disk.copy(good, disk.place.folder);
        await disk.copy(`${good}.mark`, disk.place.mark);
      }
      expect(versionOf(await start(disk))).toBe('1.0.0');
    });
  });

  test('where an older one was put in its place', async () => {
    await withSnapshot(async (disk, { serving, owner }) => {
      await disk.copy(disk.place.folder, join(disk.folder, 'older'));
      await deployVersion(owner, '2.0.0');
      await disk.keep(serving);
      await disk.copy(join(disk.folder, 'older'), disk.place.folder);

      await expect(start(disk)).rejects.toThrow(/older than the one that this server has kept since/);
    });
  });

  test('of another server, and of another keyring', async () => {
    await withSnapshot(async (disk) => {
      const place = disk.placeOf('pdp-2');
      await disk.copy(disk.place.folder, place.folder);
      await disk.copy(disk.place.mark, place.mark);
      await expect(start({ ...disk, place })).rejects.toThrow(/belongs to another server/);

      const keyring = await disk.anotherKeyring();
      await expect(start({ ...disk, keyring })).rejects.toThrow(/which is not in this keyring/);
    });
  });

  test('of another installation, at once by its mark, and as soon as PostgreSQL answers', async () => {
    await withSnapshot(async (disk, { owner, serving }) => {
      const [mark, folder] = [join(disk.folder, 'first.mark'), join(disk.folder, 'first')];
      await disk.copy(disk.place.mark, mark);
      await disk.copy(disk.place.folder, folder);
      await owner.query('update installation set id = gen_random_uuid()');
      const replica = replicaOf(serving);
      await replica.restore(await openSnapshot(disk.place, disk.keyring));
      await expect(replica.refresh()).rejects.toThrow(/is of the installation/);
      expect(replica.ageMs()).toBe(Number.POSITIVE_INFINITY);

      await disk.keep(serving);
      await disk.copy(folder, disk.place.folder);
      await expect(start(disk)).rejects.toThrow(/is of the installation/);
    });
  });

  test('where the clock has gone back, or says that it is too old', async () => {
    await withSnapshot(async (disk) => {
      const back = () => ({ ...momentBefore(momentNow(), HOUR_MS), boot: 'another boot' });
      await expect(start(disk, back)).rejects.toThrow(/how old it is cannot be told/);

      // Within one boot of the machine the wall's clock may say what it likes.
      const slept = () => ({ ...momentNow(), up: momentNow().up + HOUR_MS });
      expect((await start(disk, slept)).ageMs()).toBeGreaterThan(HOUR_MS - 1);
    });
  });
});

test('a disk that is full leaves what was kept before, is counted, and told', async () => {
  await withSnapshot(async (disk, { owner, serving }) => {
    const told: string[] = [];
    await deployVersion(owner, '2.0.0');
    await disk.keep(serving, {
      files: { replace: () => Promise.reject(Object.assign(new Error('no space left'), { code: 'ENOSPC' })) },
      log: { info: () => undefined, warn: (_: unknown, message?: string) => void told.push(message ?? '') },
    });

    expect(told).toEqual([expect.stringContaining('could not be kept on the disk')]);
    expect(versionOf(await start(disk))).toBe('1.0.0');
  });
});

test('PostgreSQL that answers and is not in order is not bypassed by a snapshot', async () => {
  await withSnapshot(async ({ place, keyring }, { owner, serving }) => {
    const origin = (database: OpenTestDatabase['serving'] | typeof GONE) =>
      findOrigin({ database, place, keyring, maxStalenessMs: HOUR_MS, log: { warn: () => undefined } });
    expect((await origin(GONE)).away).toBe(true);
    expect((await origin(serving)).away).toBe(false);

    await owner.query(`insert into palisade_migrations (name, run_on) values ('9999_to_come', now())`);
    await expect(origin(serving)).rejects.toThrow(/a newer Palisade has migrated/);
  });
});

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  const place = bytes.length - 20;
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
  await writeFile(path, bytes);
}

async function behindLink(path: string): Promise<void> {
  await rm(`${path}.real`, { recursive: true, force: true });
  await rename(path, `${path}.real`);
  await symlink(`${path}.real`, path);
}
