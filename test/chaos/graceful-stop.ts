import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deployPolicies, type ServerWorld } from '../support/server.ts';
import { wrongAnswers } from './kill.ts';
import { startLoad } from './load.ts';
import { differencesFromLog, recordsIn } from './log.ts';
import { STARTER_QUESTIONS } from './questions.ts';

const LOAD_MS = 1_000;

/** What a client may be told while a server goes: that it is gone, by the server or by the connection. */
const CLEAN = new Set([
  'UNAVAILABLE',
  'unavailable',
  'END',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
]);

export interface GracefulStop {
  readonly answers: number;
  readonly refusals: readonly string[];
  readonly problems: readonly string[];
}

/** SIGTERM under load: every request is answered or cleanly refused, and every answer is in the log before the process ends. */
export async function stopUnderLoad(world: ServerWorld): Promise<GracefulStop> {
  const server = await world.serve();
  await deployPolicies(world, server.addresses.admin, 'policies/coding-agent');
  const load = startLoad(server.addresses, { token: world.runtimeToken, questions: STARTER_QUESTIONS });
  await sleep(LOAD_MS);
  const early = load.refusals.map(({ code, message }) => `refused before the stop: ${code} ${message}`);
  const code = await server.stop();
  await load.stop();

  const unclean = load.refusals
    .filter((refusal) => !CLEAN.has(refusal.code))
    .map(({ client, code: why, message }) => `${client} was refused uncleanly: ${why} ${message}`);
  const left = await recordsIn(join(world.home, 'spool'));

  return {
    answers: load.answers.length,
    refusals: [
      ...new Set(load.refusals.map(({ client, code: why, message }) => `${client}: ${why} ${message}`)),
    ],
    problems: [
      ...early,
      ...unclean,
      ...wrongAnswers(load.answers),
      ...(await differencesFromLog(world, load.answers)),
      ...(code === 0 ? [] : [`the server ended with ${code}`]),
      ...(left.length === 0 ? [] : [`left in the spool: ${left.join(', ')}`]),
    ],
  };
}
