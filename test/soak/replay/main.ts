import { newSeed } from '../../chaos/random.ts';
import { readCommandLine, wholeNumber } from '../../support/command-line.ts';
import { withPrivateWorld } from '../../support/private-postgres.ts';
import { createReport } from '../report.ts';
import { type Recorded, recordDecisions } from './record.ts';
import { replayLog, type Verified, verifyLog } from './verify.ts';

const USAGE = `npm run soak:replay -- [--decisions N] [--seed S]

Makes N decisions (default 100000) over gRPC on a server with a PostgreSQL of its own, while three bundles follow each other, one of
them as a canary first: random entities and contexts, allows, denies, policies that fail, and calls that end in an error. Then
\`palisade replay --verify\` decides every record again as it was, and \`--bundle\` by the last bundle. Ends with \`N records, N differences\`; exit code 1 where there is a
difference, or a decision that was not decided again.`;

/** Three bundles, and four reasons to decide as they do. */
const KINDS = 3 * 4;

const options = readCommandLine(USAGE, ['decisions', 'seed']);
if (options !== undefined) {
  const decisions = wholeNumber(USAGE, 'decisions', options.decisions ?? '100000', 100);
  const seed = wholeNumber(USAGE, 'seed', options.seed ?? String(newSeed()));
  console.log(`seed ${seed}`);
  await withPrivateWorld(async (world) => {
    const server = await world.serve();
    const recorded = await recordDecisions(world, server, decisions, seed);
    const verified = await verifyLog(world, server);
    const { read, elapsedMs } = await replayLog(world, server, recorded.last);
    console.log(
      `by one candidate: ${read} records in ${(elapsedMs / 1_000).toFixed(1)} s, ${(read / (elapsedMs / 1_000)).toFixed()}/s`,
    );
    process.exitCode = report(recorded, verified) ? 0 : 1;
    await server.stop();
  });
}

function report(
  recorded: Recorded,
  { read, replayed, differing, unreplayed, elapsedMs, code, text }: Verified,
): boolean {
  const { wanted, decided, refused, reasons, seconds } = recorded;
  const table = createReport();
  table.figure(
    'decisions made',
    `${decided}, ${(decided / seconds).toFixed()}/s, and ${refused} calls that ended in an error`,
  );
  for (const [name, count] of [...reasons].toSorted()) table.figure(`  ${name}`, String(count));
  table.figure(
    'replayed',
    `${read} records in ${(elapsedMs / 1_000).toFixed(1)} s, ${(read / (elapsedMs / 1_000)).toFixed()}/s`,
  );
  table.check('as many decisions as wanted', `${decided} of ${wanted}`, decided === wanted);
  table.check('of each bundle, for each reason', `${reasons.size} of ${KINDS}`, reasons.size === KINDS);
  table.check(
    'every decision is in the log',
    `${read} of ${decided + refused} records`,
    read === decided + refused,
  );
  table.check('every decision is decided again', `${replayed} of ${decided}`, replayed === decided);
  table.check(
    'nothing else is left out',
    JSON.stringify(unreplayed),
    unreplayed['not_decided'] === refused && Object.keys(unreplayed).length === (refused > 0 ? 1 : 0),
  );
  table.check('the command says that none differs', `exit code ${code}`, code === 0 && differing === 0);
  const passed = table.print();
  if (differing > 0) console.log(text);
  console.log(`${replayed} records, ${differing} differences`);

  return passed;
}
