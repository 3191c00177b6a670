import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PrivatePostgres } from '../support/private-postgres.ts';
import { deployPolicies, type ServerProcess, type ServerWorld } from '../support/server.ts';
import { wrongAnswers } from './kill.ts';
import { type Load, startLoad } from './load.ts';
import { differencesFromLog, spoolProblems, verificationProblems } from './log.ts';
import { STARTER_QUESTIONS } from './questions.ts';

const run = promisify(execFile);

const CAP_BYTES = 1024 * 1024;
const DISK_MIB = 4;
/** For the spool to fill, for refusals to come, for decisions to come back. */
const TURN_MS = 60_000;
const POLL_MS = 50;
const ENOUGH = 50;

export interface FullSpool {
  readonly answers: number;
  readonly refusals: number;
  readonly problems: readonly string[];
}

/** The spool's cap is reached while PostgreSQL is down; decisions come back with PostgreSQL. */
export async function reachCap(world: ServerWorld, postgres: PrivatePostgres): Promise<FullSpool> {
  const server = await world.serve({ PALISADE_SPOOL_MAX_BYTES: String(CAP_BYTES) });

  return fill(world, server, {
    fill: () => postgres.stop(),
    free: () => postgres.start(),
  });
}

/**
 * The spool's own small disk is filled by somebody else; decisions come back once there is room.
 * @returns `undefined` where this process may not mount one.
 */
export async function fillDisk(world: ServerWorld): Promise<FullSpool | undefined> {
  const disk = join(world.home, 'spool');
  await mkdir(disk, { mode: 0o700 });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=0700`, 'palisade-test', disk]);
  } catch {
    return undefined;
  }

  const filler = join(disk, 'filler');
  try {
    const server = await world.serve();
    const report = await fill(world, server, {
      // It takes what it gets: the file is meant to hit the end of the disk.
      fill: () => writeFile(filler, Buffer.alloc(DISK_MIB * 1024 * 1024)).catch(() => undefined),
      free: () => rm(filler),
    });

    return report;
  } finally {
    // Lazily, since a server that did not stop in time may still be in it.
    await run('umount', ['-l', disk]);
  }
}

async function fill(
  world: ServerWorld,
  server: ServerProcess,
  space: { fill(): Promise<void>; free(): Promise<void> },
): Promise<FullSpool> {
  await deployPolicies(world, server.addresses.admin, 'policies/coding-agent');
  const load = startLoad(server.addresses, { token: world.runtimeToken, questions: STARTER_QUESTIONS });
  const problems: string[] = [];
  try {
    await reach('no decision at first', () => load.answers.length > ENOUGH);
    await space.fill();
    await reach('no refusal', () => load.refusals.length > ENOUGH);
    await reach('ready with a full spool', async () => !(await isReady(server)));
    await space.free();
    const before = load.answers.length;
    await reach('no decision with room again', () => load.answers.length > before + ENOUGH);
    await reach('not ready with room again', () => isReady(server));
  } catch (thrown) {
    problems.push(String(thrown));
  }
  await load.stop();
  // With room again nothing is refused, so these are the refusals of the full spool.
  problems.push(
    ...otherRefusals(load),
    ...wrongAnswers(load.answers),
    ...(await differencesFromLog(world, load.answers)),
    ...(await verificationProblems(world, server)),
    ...(await spoolProblems(world, server)),
  );
  await server.stop();

  return { answers: load.answers.length, refusals: load.refusals.length, problems };
}

async function reach(failure: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + TURN_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(failure);
    await sleep(POLL_MS);
  }
}

async function isReady({ addresses }: ServerProcess): Promise<boolean> {
  const response = await fetch(`http://${addresses.admin}/readyz`);
  await response.body?.cancel();

  return response.ok;
}

/** Anything but the server's own word that it cannot record. */
function otherRefusals({ refusals }: Load): string[] {
  return refusals
    .filter(
      ({ code, message }) =>
        code.toLowerCase() !== 'unavailable' || !/spool|recorded|decision log/.test(message),
    )
    .map(({ client, code, message }) => `${client} was refused: ${code} ${message}`);
}
