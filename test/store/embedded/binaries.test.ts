import { cp, lstat, mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeBinaries, findBinaries } from '../../../services/store/embedded/binaries.ts';

let packageDir: string;

/** A package as npm unpacks it without running scripts; its script is the real one. */
beforeEach(async () => {
  packageDir = await mkdtemp(path.join(os.tmpdir(), 'palisade-package-'));
  const installed = path.dirname((await findBinaries()).nativeDir);
  await cp(path.join(installed, 'scripts'), path.join(packageDir, 'scripts'), { recursive: true });
  for (const folder of ['bin', 'lib'])
    await mkdir(path.join(packageDir, 'native', folder), { recursive: true });
  await writeFile(path.join(packageDir, 'package.json'), '{"version":"18.4.0-beta.17","type":"module"}');
  await writeFile(path.join(packageDir, 'native', 'bin', 'postgres'), '');
  await writeFile(path.join(packageDir, 'native', 'lib', 'libpq.so.5.18'), '');
  const links = ['native/lib/libpq.so', 'native/lib/libpq.so.5'].map((target) => ({
    source: 'native/lib/libpq.so.5.18',
    target,
  }));
  await writeFile(path.join(packageDir, 'native', 'pg-symlinks.json'), JSON.stringify(links));
});

afterEach(async () => {
  await rm(packageDir, { recursive: true });
});

describe('completeBinaries', () => {
  test('makes the library links that npm left out, also several times at once', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => completeBinaries(packageDir)));

    expect(all[0]).toEqual({
      nativeDir: path.join(packageDir, 'native'),
      version: '18.4.0-beta.17',
      major: '18',
    });
    expect(await readlink(path.join(packageDir, 'native', 'lib', 'libpq.so'))).toBe('libpq.so.5.18');
    expect(await readlink(path.join(packageDir, 'native', 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
  });

  test('says what to run where the links cannot be made', async () => {
    await rm(path.join(packageDir, 'scripts'), { recursive: true });

    await expect(completeBinaries(packageDir)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /libpq\.so.*owner of .*node scripts\/hydrate-symlinks\.js.*PALISADE_DATABASE_URL/,
      ),
    });
  });

  test('says what to do where there is no server', async () => {
    await rm(path.join(packageDir, 'native', 'bin', 'postgres'));

    await expect(completeBinaries(packageDir)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('PALISADE_DATABASE_URL'),
    });
  });
});

describe('findBinaries', () => {
  test('finds a whole package for this platform', async () => {
    const { nativeDir } = await findBinaries();

    expect((await lstat(path.join(nativeDir, 'bin', 'initdb'))).isFile()).toBe(true);
  });
});
