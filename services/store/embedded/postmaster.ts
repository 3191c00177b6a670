import { execFile } from 'node:child_process';
import { readFile, readlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PdpError } from '../../engine/error.ts';
import { isAlive } from './liveness.ts';
import { SOCKET_NAME } from './socket.ts';

const run = promisify(execFile);
const POLL_MS = 20;

/**
 * How a server is asked to end, each step more bluntly, and how long each may take in milliseconds: fast (clients are
 * disconnected, a checkpoint is written), immediate (recovery at the next start), and the kernel's way.
 * PostgreSQL 18, "Shutting Down the Server".
 */
const SHUTDOWN = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 6_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const;

/** The process id of the live server of this data folder, `undefined` where there is none. */
export async function findServer(dataDir: string): Promise<number | undefined> {
  const pid = await readPid(pidFile(dataDir));
  if (pid === undefined) return undefined;

  return (await isServerOf(pid, dataDir)) ? pid : undefined;
}

/**
 * Stops the server of this data folder, whoever started it, and waits until it has ended; none is fine too.
 * @throws PdpError `unavailable` where it survives even SIGKILL.
 */
export async function stopServer(dataDir: string): Promise<void> {
  for (const { signal, waitMs } of SHUTDOWN) {
    const pid = await findServer(dataDir);
    if (pid === undefined) return;

    sendSignal(pid, signal);
    if (await endsWithin(dataDir, waitMs)) return;
  }

  throw new PdpError('unavailable', `the PostgreSQL server of ${dataDir} does not stop`);
}

/**
 * Removes lock files whose process id now belongs to somebody else: after a crash ids are handed out again, in a
 * container often the very same ones, and PostgreSQL takes any living process of its account for its rival. Those of
 * the dead it removes itself.
 */
export async function removeStaleLocks(dataDir: string, socketDir: string): Promise<void> {
  for (const file of [pidFile(dataDir), path.join(socketDir, `${SOCKET_NAME}.lock`)]) {
    const pid = await readPid(file);
    if (pid === undefined || !isAlive(pid) || (await isServerOf(pid, dataDir))) continue;

    await rm(file, { force: true });
  }
}

function pidFile(dataDir: string): string {
  return path.join(dataDir, 'postmaster.pid');
}

/** Both kinds of lock file begin with the process id. */
async function readPid(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);

  return pid > 0 ? pid : undefined;
}

/** A process id alone proves nothing: it may be stale, and by now anybody's. */
async function isServerOf(pid: number, dataDir: string): Promise<boolean> {
  const command = await commandLine(pid);
  if (!command.includes('/bin/postgres -D ')) return false;
  if (command.includes(` -D ${dataDir} `)) return true;

  // The folder was renamed under a live server; its working directory follows.
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);

  return cwd === dataDir;
}

/** Empty where there is no such process, or where it has ended and only waits for its parent. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return words.replaceAll('\0', ' ');
  }

  const answer = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => undefined);

  return answer?.stdout ?? '';
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between, which is what the signal is for; the wait that follows sees everything else.
  }
}

async function endsWithin(dataDir: string, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  while (performance.now() < deadline) {
    if ((await findServer(dataDir)) === undefined) return true;
    await sleep(POLL_MS);
  }

  return false;
}
