import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { PrivatePostgres } from '../support/private-postgres.ts';
import { deployPolicies, type ServerProcess, type ServerWorld } from '../support/server.ts';
import { wrongAnswers } from './kill.ts';
import { type Load, startLoad } from './load.ts';
import { differencesFromLog, spoolProblems, verificationProblems } from './log.ts';
import { STARTER_QUESTIONS } from './questions.ts';

/** Enough to find a hole, and little enough for the spool to hold a minute of it. */
const PAUSE_MS = 20;
const BEFORE_AND_AFTER_MS = 1_000;

export interface Outage {
  readonly answers: number;
  readonly problems: readonly string[];
}

/** Stops PostgreSQL under load and starts it again: no decision may fail and none may be missing in the log. */
export function stopPostgres(
  world: ServerWorld,
  postgres: PrivatePostgres,
  outageMs: number,
): Promise<Outage> {
  return underLoad(world, async (server) => {
    await postgres.stop();
    await sleep(outageMs);
    const unready = await readiness(server);
    await postgres.start();

    return unready;
  });
}

/** Kills processes of PostgreSQL under load: the main one, and those that serve our connections. */
export function killPostgres(world: ServerWorld, postgres: PrivatePostgres, kills: number): Promise<Outage> {
  return underLoad(world, async () => {
    for (let kill = 0; kill < kills; kill += 1) {
      process.kill(await backendOf(world), 'SIGKILL');
      await untilPostgresAnswers(world);
      process.kill(postgres.pid(), 'SIGKILL');
      await untilPostgresAnswers(world);
    }

    return [];
  });
}

async function underLoad(
  world: ServerWorld,
  disturb: (server: ServerProcess) => Promise<readonly string[]>,
): Promise<Outage> {
  const server = await world.serve();
  await deployPolicies(world, server.addresses.admin, 'policies/coding-agent');
  const load = startLoad(server.addresses, {
    token: world.runtimeToken,
    questions: STARTER_QUESTIONS,
    pauseMs: PAUSE_MS,
  });
  await sleep(BEFORE_AND_AFTER_MS);
  const problems = [...(await disturb(server))];
  await sleep(BEFORE_AND_AFTER_MS);
  await load.stop();

  problems.push(
    ...refusalsOf(load),
    ...wrongAnswers(load.answers),
    ...(await differencesFromLog(world, load.answers)),
    ...(await spoolProblems(world, server)),
    ...(await verificationProblems(world, server)),
  );
  const code = await server.stop();
  if (code !== 0) problems.push(`the server ended with ${code}`);

  return { answers: load.answers.length, problems };
}

function refusalsOf({ refusals }: Load): string[] {
  return refusals.map(({ client, code, message }) => `${client} was refused: ${code} ${message}`);
}

/** Without PostgreSQL a server goes on being ready while its policy state is fresh. */
async function readiness({ addresses }: ServerProcess): Promise<string[]> {
  const response = await fetch(`http://${addresses.admin}/readyz`);
  const text = await response.text();

  return response.ok ? [] : [`not ready without PostgreSQL: ${text}`];
}

async function backendOf(world: ServerWorld): Promise<number> {
  return withOwner(world, async (client) => {
    const { rows } = await client.query<{ pid: number }>(
      "select pid from pg_stat_activity where application_name like 'palisade%' and pid <> pg_backend_pid() limit 1",
    );

    return rows[0]?.pid ?? Number.NaN;
  });
}

/** As long as a start of PostgreSQL may take. */
const ANSWER_MS = 20_000;
const RETRY_MS = 100;

async function untilPostgresAnswers(world: ServerWorld): Promise<void> {
  const deadline = performance.now() + ANSWER_MS;
  for (;;) {
    await sleep(RETRY_MS);
    try {
      return await withOwner(world, async (client) => void (await client.query('select 1')));
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}

async function withOwner<Result>(
  { database }: ServerWorld,
  body: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: database.ownerUrl, application_name: 'chaos' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await body(client);
  } finally {
    await client.end();
  }
}
