import { setTimeout as sleep } from 'node:timers/promises';
import { deployPolicies, type ServerWorld } from '../support/server.ts';
import { type LoadAnswer, startLoad } from './load.ts';
import { differencesFromLog, spoolProblems, verificationProblems } from './log.ts';
import { STARTER_QUESTIONS } from './questions.ts';
import type { Random } from './random.ts';

/** A kill comes within so many milliseconds of the first answer. */
const LONGEST_LOAD_MS = 1_000;

export interface KilledRound {
  readonly afterMs: number;
  readonly answers: number;
  readonly problems: readonly string[];
}

/**
 * Kills servers with SIGKILL under load, one after the other on the same spool, at random moments. After each kill the next
 * server starts, and every answer that a client had is looked up in the log.
 */
export async function* killServers(
  world: ServerWorld,
  kills: number,
  random: Random,
): AsyncGenerator<KilledRound> {
  let server = await world.serve();
  await deployPolicies(world, server.addresses.admin, 'policies/coding-agent');

  for (let round = 0; round < kills; round += 1) {
    const load = startLoad(server.addresses, { token: world.runtimeToken, questions: STARTER_QUESTIONS });
    const afterMs = random.between(0, LONGEST_LOAD_MS);
    await load.answered;
    await sleep(afterMs);
    await server.kill();
    await load.stop();

    server = await world.serve();
    const problems = [...wrongAnswers(load.answers), ...(await differencesFromLog(world, load.answers))];
    yield { afterMs, answers: load.answers.length, problems };
  }

  const problems = [...(await spoolProblems(world, server)), ...(await verificationProblems(world, server))];
  yield { afterMs: 0, answers: 0, problems };
  await server.stop();
}

/** Answers that the bundle does not give. */
export function wrongAnswers(answers: readonly LoadAnswer[]): string[] {
  return answers
    .filter(({ question, decision }) => question.want !== undefined && decision !== question.want)
    .map(({ decisionId, question, decision }) => `${decisionId}: ${decision} instead of ${question.want}`);
}
