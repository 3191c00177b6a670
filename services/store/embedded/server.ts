import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PdpError } from '../../engine/error.ts';
import { sqlStateOf, toStoreError } from '../database-error.ts';
import { query } from '../pool.ts';
import { commandAs } from './account.ts';
import { OWNER_ROLE } from './data-folder.ts';
import type { Place } from './place.ts';
import { findServer, removeStaleLocks, stopServer } from './postmaster.ts';
import { openServerLog } from './server-log.ts';
import { serverSettings } from './server-settings.ts';

/** Where one embedded server lives. */
export interface ServerFolder extends Place {
  readonly socketDir: string;
  readonly logFile: string;
  /** Nothing is forced to disk: for tests, whose data is thrown away. */
  readonly disposable: boolean;
}

/** A running server that belongs to this process alone. */
export interface HeldServer {
  readonly keeper: pg.Client;
  /** Settles when the keeper's connection has ended, and with it the server or its memory of us. */
  readonly ended: Promise<void>;
  readonly pid: number;
  /** It ran already, because the Palisade that started it was killed. */
  readonly reused: boolean;
}

/** After a crash the remains of the old server may hold the folder's shared memory for a while. */
const START_TIMEOUT_MS = 10_000;
/** A live server that does not answer for so long has lost its socket, or hangs. */
const ADOPT_TIMEOUT_MS = 3_000;
/** A process that was killed lets its lock go as soon as its server sees the connection end. */
const LOCK_TIMEOUT_MS = 2_000;
const RETRY_MS = 25;
/** Between two tries of a server that ends at once. */
const RESPAWN_MS = 500;
/** Any number will do that every Palisade uses and nobody else. */
const HOLD_LOCK = '7180718271837184';

/**
 * Adopts the live server of the data folder or starts one, and holds it: an advisory lock on the keeper's connection
 * makes this process its only user, and falls however this process ends.
 * @throws PdpError `unavailable`: another Palisade holds the folder, or no server came up within 10 s.
 * @throws the signal's reason once it is aborted.
 */
export async function holdServer(folder: ServerFolder, signal: AbortSignal): Promise<HeldServer> {
  const adopted = await adoptServer(folder, signal);
  if (adopted !== undefined) return hold(folder, adopted, true);

  // It may live without answering.
  await stopServer(folder.dataDir);
  const started = await startServer(folder, signal);

  return hold(folder, started, false);
}

async function adoptServer(folder: ServerFolder, signal: AbortSignal): Promise<pg.Client | undefined> {
  return untilAnswer(
    folder,
    ADOPT_TIMEOUT_MS,
    signal,
    async () => (await findServer(folder.dataDir)) !== undefined,
  );
}

async function startServer(folder: ServerFolder, signal: AbortSignal): Promise<pg.Client> {
  let child: ChildProcess | undefined;
  let spawnedAt = Number.NEGATIVE_INFINITY;
  try {
    const client = await untilAnswer(folder, START_TIMEOUT_MS, signal, async () => {
      const gone = child === undefined || hasExited(child);
      if (gone && performance.now() - spawnedAt > RESPAWN_MS) {
        child = await spawnServer(folder);
        spawnedAt = performance.now();
      }
      return true;
    });
    if (client !== undefined) return client;

    throw new PdpError('unavailable', `the embedded PostgreSQL does not start; its log is ${folder.logFile}`);
  } catch (error) {
    // Ours alone, which may not have written its process id yet; not one that another Palisade has started meanwhile.
    if (child?.kill('SIGINT') === true) await stopServer(folder.dataDir);
    throw error;
  }
}

/** Tries to connect, after each `attend`, until that says that there is no use in waiting, or time is up. */
async function untilAnswer(
  folder: ServerFolder,
  timeoutMs: number,
  signal: AbortSignal,
  attend: () => Promise<boolean>,
): Promise<pg.Client | undefined> {
  let deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline && (await attend())) {
    signal.throwIfAborted();
    const answer = await connect(folder);
    if (answer instanceof pg.Client) return answer;

    // Recovery takes as long as it takes; interrupting it would only make it begin again.
    if (answer === 'starting') deadline = performance.now() + timeoutMs;
    await sleep(RETRY_MS);
  }

  return undefined;
}

async function connect(folder: ServerFolder): Promise<pg.Client | 'starting' | 'silent'> {
  const client = new pg.Client({
    host: folder.socketDir,
    user: OWNER_ROLE,
    database: 'postgres',
    application_name: 'palisade keeper',
    connectionTimeoutMillis: 1_000,
  });
  // Its end is what is listened to; without a listener an error would end this process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    const sqlState = sqlStateOf(error);
    if (sqlState === undefined) return 'silent';
    // Class 57, operator intervention: starting, recovering or shutting down (PostgreSQL, appendix "Error Codes").
    if (sqlState.startsWith('57')) return 'starting';

    // It is well enough to refuse us, so it is not ours to stop.
    throw toStoreError(error);
  }
}

async function hold(folder: ServerFolder, keeper: pg.Client, reused: boolean): Promise<HeldServer> {
  const ended = new Promise<void>((resolve) => keeper.once('end', resolve));
  const locked = await takeLock(keeper);
  const pid = await findServer(folder.dataDir);
  if (locked && pid !== undefined) return { keeper, ended, pid, reused };

  await keeper.end();
  throw new PdpError(
    'unavailable',
    `another Palisade is running on ${folder.dataDir}: stop it first, or choose another folder`,
  );
}

async function takeLock(keeper: pg.Client): Promise<boolean> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const [row] = await query<{ locked: boolean }>(keeper, 'select pg_try_advisory_lock($1) as locked', [
      HOLD_LOCK,
    ]);
    if (row?.locked === true) return true;
    await sleep(RETRY_MS);
  }

  return false;
}

/** Starts the server in a session of its own: an interrupt typed at a terminal is for us, who stop the server last. */
async function spawnServer(folder: ServerFolder): Promise<ChildProcess> {
  await removeStaleLocks(folder.dataDir, folder.socketDir);
  const log = await openServerLog(folder.logFile, folder.account);
  try {
    const program = `${folder.nativeDir}/bin/postgres`;
    const settings = serverSettings(folder).flatMap((setting) => ['-c', setting]);
    const { file, args, options } = commandAs(
      folder.account,
      program,
      ['-D', folder.dataDir, ...settings],
      folder.dataDir,
    );
    const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', log.fd, log.fd] });
    child.on('error', () => undefined);
    child.unref();

    return child;
  } finally {
    await log.close();
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
