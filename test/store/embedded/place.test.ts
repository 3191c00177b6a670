import { chmod, chown, lstat, mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startEmbeddedPostgres } from '../../../services/store/embedded/embedded-postgres.ts';
import { findServer } from '../../../services/store/embedded/postmaster.ts';

/** An account that every Linux has; initdb wants to know its name. */
const NOBODY = 65_534;

let folder: string;
let dataDir: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'palisade-place-'));
  dataDir = path.join(folder, 'postgres');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  const real = await realpath(dataDir);
  await rm(real, { recursive: true });
  await rm(folder, { recursive: true });
});

async function startAndStop(): Promise<void> {
  const server = await startEmbeddedPostgres({ dataDir, disposable: true });
  await server.stop();
  expect(await findServer(await realpath(dataDir))).toBeUndefined();
}

/** As in a container that allows no user namespaces. */
async function refuseNamespaces(): Promise<void> {
  const bin = path.join(folder, 'bin');
  await mkdir(bin);
  await writeFile(path.join(bin, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
}

async function ownerOf(file: string): Promise<number> {
  return (await lstat(file)).uid;
}

describe.runIf(process.platform === 'linux' && process.geteuid?.() === 0)('started by root', () => {
  test('runs in a folder that only root may enter, and leaves the files to root', async () => {
    await chmod(folder, 0o700);
    await startAndStop();

    expect(await ownerOf(dataDir)).toBe(0);
  });

  test('runs as the owner of a folder that belongs to an ordinary user', async () => {
    await chmod(folder, 0o755);
    await mkdir(dataDir);
    await chown(dataDir, NOBODY, NOBODY);
    await startAndStop();

    expect(await ownerOf(path.join(dataDir, 'PG_VERSION'))).toBe(NOBODY);
    expect(await ownerOf(`${dataDir}.log`)).toBe(NOBODY);
  });

  test('takes another account in place, where user namespaces are refused and it may enter', async () => {
    await chmod(folder, 0o755);
    await refuseNamespaces();
    await startAndStop();
    await startAndStop();

    expect((await lstat(dataDir)).isSymbolicLink()).toBe(false);
    expect(await ownerOf(dataDir)).not.toBe(0);
  });

  test('loses nothing when moving the data is interrupted', async () => {
    await startAndStop();
    await writeFile(path.join(dataDir, 'mark'), 'kept');
    await rename(dataDir, `${dataDir}.moved`);
    await startAndStop();

    expect((await lstat(path.join(dataDir, 'mark'))).isFile()).toBe(true);
  });

  test('moves the data to where another account may enter, where user namespaces are refused', async () => {
    await startAndStop();
    await writeFile(path.join(dataDir, 'mark'), 'kept');
    await refuseNamespaces();
    await startAndStop();

    expect((await lstat(dataDir)).isSymbolicLink()).toBe(true);
    expect((await lstat(path.join(dataDir, 'mark'))).isFile()).toBe(true);
    await expect(lstat(`${dataDir}.moved`)).rejects.toThrow('ENOENT');

    vi.unstubAllEnvs();
    await startAndStop();
  });
});

test.runIf(process.geteuid?.() !== 0)('keeps the data folder to its owner', async () => {
  await mkdir(dataDir, { mode: 0o755 });
  await startAndStop();

  expect((await lstat(dataDir)).mode & 0o777).toBe(0o700);
});
