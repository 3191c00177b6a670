import { parseArgs } from 'node:util';
import { withPrivateWorld } from '../support/private-postgres.ts';
import { activateSilently, activateUnderLoad } from './activation.ts';
import { fillDisk, reachCap } from './full-spool.ts';
import { stopUnderLoad } from './graceful-stop.ts';
import { killServers } from './kill.ts';
import { killPostgres, stopPostgres } from './outage.ts';
import { createRandom, newSeed } from './random.ts';

const POSTGRES_KILLS = 3;

const USAGE = `npm run chaos -- [--kills N] [--outage SECONDS] [--seed S]

Real servers under load on a PostgreSQL of its own: N kills with SIGKILL at random moments (default 100), PostgreSQL stopped
for so many seconds (default 60) and killed, a full spool, activations, a graceful stop. After each, every reply that a client
had must be in the log exactly once. Exit code 1 where one is not.`;

const PROBLEMS_SHOWN = 10;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    outage: { type: 'string', default: '60' },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  },
});

let passed = 0;
let failed = 0;

if (values.help === true) {
  console.log(USAGE);
} else {
  await run(Number(values.kills), 1_000 * Number(values.outage), Number(values.seed ?? newSeed()));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function run(kills: number, outageMs: number, seed: number): Promise<void> {
  console.log(`seed ${seed}`);
  await scenario('kills', () =>
    withPrivateWorld(async (world) => {
      let round = 0;
      for await (const { afterMs, answers, problems } of killServers(world, kills, createRandom(seed))) {
        round += 1;
        const name = round > kills ? 'the whole log' : `kill ${round} after ${afterMs.toFixed()} ms`;
        report(name, problems, `${answers} answers`);
      }
    }),
  );
  await scenario(`PostgreSQL stopped for ${outageMs} ms`, (name) =>
    withPrivateWorld(async (world, postgres) => {
      const { answers, problems } = await stopPostgres(world, postgres, outageMs);
      report(name, problems, `${answers} answers`);
    }),
  );
  await scenario('PostgreSQL killed', (name) =>
    withPrivateWorld(async (world, postgres) => {
      const { answers, problems } = await killPostgres(world, postgres, POSTGRES_KILLS);
      report(name, problems, `${answers} answers`);
    }),
  );
  await scenario('spool at its cap', (name) =>
    withPrivateWorld(async (world, postgres) => {
      const { answers, refusals, problems } = await reachCap(world, postgres);
      report(name, problems, `${answers} answers, ${refusals} refusals`);
    }),
  );
  await scenario('disk full', (name) =>
    withPrivateWorld(async (world) => {
      const disk = await fillDisk(world);
      if (disk === undefined) return console.log(`skipped  ${name}: this account may not mount a small disk`);
      report(name, disk.problems, `${disk.answers} answers, ${disk.refusals} refusals`);
    }),
  );
  await scenario('activations', (name) =>
    withPrivateWorld(async (world) => {
      const { answers, reachedMs, problems } = await activateUnderLoad(world, 10);
      report(
        name,
        problems,
        `${answers} answers, reached after at most ${Math.max(...reachedMs).toFixed()} ms`,
      );
    }),
  );
  await scenario('activations without notification', (name) =>
    withPrivateWorld(async (world) => {
      const { answers, reachedMs, problems } = await activateSilently(world, 10);
      report(
        name,
        problems,
        `${answers} answers, reached after at most ${Math.max(...reachedMs).toFixed()} ms`,
      );
    }),
  );
  await scenario('graceful stop', (name) =>
    withPrivateWorld(async (world) => {
      const { answers, problems } = await stopUnderLoad(world);
      report(name, problems, `${answers} answers`);
    }),
  );
}

/** A scenario that breaks down is a failure, and the others still run. */
async function scenario(name: string, body: (name: string) => Promise<unknown>): Promise<void> {
  try {
    await body(name);
  } catch (thrown) {
    report(name, [thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)], '');
  }
}

function report(name: string, problems: readonly string[], figures: string): void {
  if (problems.length === 0) passed += 1;
  else failed += 1;
  console.log(`${problems.length === 0 ? 'passed' : 'FAILED'}  ${name}: ${figures}`);
  for (const problem of problems.slice(0, PROBLEMS_SHOWN)) console.log(`  ${problem}`);
  if (problems.length > PROBLEMS_SHOWN) console.log(`  and ${problems.length - PROBLEMS_SHOWN} more`);
}
