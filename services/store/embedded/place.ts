import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { PdpError } from '../../engine/error.ts';
import { type Account, canRun, canWrite, findUnprivilegedAccount, isRoot } from './account.ts';
import { type Binaries, EXTERNAL_DATABASE_REMEDY } from './binaries.ts';
import { stopServer } from './postmaster.ts';

const run = promisify(execFile);

/** Where root's data goes when its own account cannot run the server: it survives a restart and is not writable by others. */
const RELOCATION_ROOT = '/var/lib/palisade';

/** As whom the server runs, and from which folders; all paths are real ones. */
export interface Place {
  readonly account: Account;
  readonly nativeDir: string;
  readonly dataDir: string;
}

/**
 * Decides who runs the server and makes the data folder, mode 0700, his.
 * Root runs it in place: as the folder's owner where that is an ordinary user, else in a user namespace. Where neither
 * works, programs and data move to where an existing unprivileged account may enter, and `dataDir` becomes a link.
 * @throws PdpError `unavailable` with the remedy.
 */
export async function choosePlace(binaries: Binaries, dataDir: string): Promise<Place> {
  await settleMove(dataDir);
  const real = await makeFolder(dataDir);
  const { uid, gid } = await stat(real);
  if (!isRoot() && uid !== process.geteuid?.()) {
    throw new PdpError(
      'unavailable',
      `the database folder ${real} belongs to another account (uid ${uid}): start Palisade as that account, or choose another folder`,
    );
  }

  const account = accountInPlace(uid, gid);
  const inPlace = { account, nativeDir: binaries.nativeDir, dataDir: real };
  await chmod(real, 0o700);
  if (account.kind === 'self' || (await isUsable(inPlace))) return inPlace;

  return placeForUnprivilegedAccount(binaries, dataDir, real);
}

function accountInPlace(ownerUid: number, ownerGid: number): Account {
  if (!isRoot()) return { kind: 'self' };
  if (ownerUid === 0) return { kind: 'namespace' };

  return { kind: 'account', uid: ownerUid, gid: ownerGid };
}

async function isUsable({ account, nativeDir, dataDir }: Place): Promise<boolean> {
  return (await canRun(account, serverProgram(nativeDir))) && (await canWrite(account, dataDir));
}

async function placeForUnprivilegedAccount(
  binaries: Binaries,
  dataDir: string,
  real: string,
): Promise<Place> {
  const account = await findUnprivilegedAccount();
  if (account === undefined) {
    throw new PdpError(
      'unavailable',
      'PostgreSQL does not run as root, user namespaces do not help here, and there is no account postgres or nobody: ' +
        `start Palisade as an ordinary user, or ${EXTERNAL_DATABASE_REMEDY}`,
    );
  }

  // Files must not change hands under a running server.
  await stopServer(real);
  await run('chown', ['-R', `${account.uid}:${account.gid}`, real]);
  const nativeDir = await reachablePrograms(account, binaries);
  const inPlace = { account, nativeDir, dataDir: real };
  if (await isUsable(inPlace)) return inPlace;

  const moved = { account, nativeDir, dataDir: await moveData(dataDir, real) };
  if (await isUsable(moved)) return moved;

  throw new PdpError(
    'unavailable',
    `the account with uid ${account.uid} can neither use ${real} nor ${moved.dataDir}: start Palisade as an ordinary user, or ${EXTERNAL_DATABASE_REMEDY}`,
  );
}

/** The programs themselves, or a copy of them outside of a tree that the account may not enter. */
async function reachablePrograms(account: Account, { nativeDir, version }: Binaries): Promise<string> {
  if (await canRun(account, serverProgram(nativeDir))) return nativeDir;

  const copy = path.join(RELOCATION_ROOT, `postgres-${version}`);
  if (await canRun(account, serverProgram(copy))) return copy;

  // Copied beside and renamed, so that a copy that was interrupted is never taken for a whole one.
  const partial = `${copy}.${process.pid}`;
  await mkdir(RELOCATION_ROOT, { recursive: true, mode: 0o755 });
  await run('cp', ['-R', nativeDir, partial]);
  await rename(partial, copy).catch(() => rm(partial, { recursive: true }));

  return copy;
}

/** Moves, and does not copy: a forgotten second copy of the decision log would outlive its erasure. */
async function moveData(dataDir: string, real: string): Promise<string> {
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const target = path.join(RELOCATION_ROOT, `data-${name}`);
  const partial = `${target}.${process.pid}`;
  await mkdir(RELOCATION_ROOT, { recursive: true, mode: 0o755 });
  // What an earlier folder of the same name left behind is not ours to delete.
  await rename(target, `${target}.${Date.now()}`).catch(() => undefined);
  await run('cp', ['-a', real, partial]);
  await rename(partial, target);
  await rename(dataDir, movedAway(dataDir));
  await symlink(target, dataDir);
  await settleMove(dataDir);

  return target;
}

/** The original goes once the link stands in its place; a move that was interrupted before begins again from it. */
async function settleMove(dataDir: string): Promise<void> {
  const original = movedAway(dataDir);
  const inPlace = await lstat(dataDir).catch(() => undefined);
  if (inPlace === undefined) await rename(original, dataDir).catch(() => undefined);
  if (inPlace?.isSymbolicLink()) await rm(original, { recursive: true, force: true });
}

function movedAway(dataDir: string): string {
  return `${dataDir}.moved`;
}

function serverProgram(nativeDir: string): string {
  return path.join(nativeDir, 'bin', 'postgres');
}

/** The folder's real path; a link that is there already is followed. */
async function makeFolder(folder: string): Promise<string> {
  try {
    await mkdir(path.dirname(folder), { recursive: true, mode: 0o700 });
    await mkdir(folder, { mode: 0o700 }).catch(ignoreExisting);

    return await realpath(folder);
  } catch (cause) {
    throw new PdpError(
      'unavailable',
      `cannot make the database folder ${folder} (${codeOf(cause)}): choose one that this account may make`,
      { cause },
    );
  }
}

function ignoreExisting(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
