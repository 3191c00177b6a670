import { writeArchive } from '../../../services/bundles/archive.ts';
import type { BundleFiles } from '../../../services/bundles/files.ts';
import type { AuthorizeRequest } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import { spoolProblems } from '../../chaos/log.ts';
import { createRandom } from '../../chaos/random.ts';
import { deployArchive, type ServerProcess, type ServerWorld } from '../../support/server.ts';
import { administer, pushBundle } from '../../support/shared-store.ts';
import { type Asked, askAll } from './ask.ts';
import { LINE } from './bundles.ts';
import { isDecidable, questionAt } from './questions.ts';

export interface Recorded extends Asked {
  /** How many decisions were wanted. */
  readonly wanted: number;
  /** What asking took. */
  readonly seconds: number;
  /** Digest of the bundle that came last. */
  readonly last: string;
}

const [FIRST, SECOND, THIRD] = LINE;
/** Share of the runs that the canary decides for. */
const CANARY_PERCENT = 30;

/**
 * Has a server make so many decisions, a quarter each by the first bundle, by the second, by that with a canary beside it, and by what
 * was the canary; and waits until PostgreSQL has them all.
 * @throws Error where a call ends as it should not, or a record stays away.
 */
export async function recordDecisions(
  world: ServerWorld,
  server: ServerProcess,
  decisions: number,
  seed: number,
): Promise<Recorded> {
  const admin = { addresses: server.addresses, adminToken: world.adminToken };
  const deploy = (files: BundleFiles): Promise<string> =>
    deployArchive(world, server.addresses.admin, writeArchive(files));
  const change = async (path: string, body: object): Promise<void> => {
    const { status, body: answer } = await administer(
      admin,
      'POST',
      `/v1/stores/default/deployment/${path}`,
      body,
    );
    if (status !== 200) throw new Error(`${path}: ${answer['detail']}`);
  };
  const digest = String((await pushBundle(admin, THIRD)).body['digest']);
  const phases = [
    () => deploy(FIRST),
    () => deploy(SECOND),
    () => change('canary', { digest, percent: CANARY_PERCENT }),
    () => change('promote', {}),
  ];

  const questions = createQuestions(seed);
  const asked: Asked[] = [];
  let seconds = 0;
  for (const [phase, begin] of phases.entries()) {
    await begin();
    const startedAt = performance.now();
    const until = Math.floor(((phase + 1) * decisions) / phases.length);
    asked.push(await askAll(server.addresses, world.runtimeToken, questions(until)));
    seconds += (performance.now() - startedAt) / 1_000;
  }
  const [problem] = await spoolProblems(world, server);
  if (problem !== undefined) throw new Error(problem);

  return { ...sumOf(asked), wanted: decisions, seconds, last: digest };
}

/** Gives the questions on and on, each time until so many that can be decided were given. */
function createQuestions(seed: number): (until: number) => Generator<AuthorizeRequest> {
  const random = createRandom(seed);
  let at = 0;
  let decidable = 0;

  return function* (until) {
    for (; decidable < until; at += 1) {
      if (isDecidable(at)) decidable += 1;
      yield questionAt(at, random);
    }
  };
}

function sumOf(all: readonly Asked[]): Asked {
  const reasons = new Map<string, number>();
  for (const asked of all) {
    for (const [name, count] of asked.reasons) reasons.set(name, (reasons.get(name) ?? 0) + count);
  }
  const sum = (of: (asked: Asked) => number): number => all.reduce((total, asked) => total + of(asked), 0);

  return { decided: sum(({ decided }) => decided), refused: sum(({ refused }) => refused), reasons };
}
