import { parseArgs } from 'node:util';
import { writeArchive } from '../../services/bundles/archive.ts';
import { type BundleFiles, readBundleDirectory } from '../../services/bundles/files.ts';
import { createPool } from '../../services/store/pool.ts';
import { spoolProblems, verificationProblems } from '../chaos/log.ts';
import { withPrivateWorld } from '../support/private-postgres.ts';
import { deployArchive, type ServerProcess, type ServerWorld } from '../support/server.ts';
import { type Drive, drive } from './drive.ts';
import { evaluationMicroseconds } from './evaluation.ts';
import { largeBundle } from './large-bundle.ts';
import { median, quarter, rssOf } from './memory.ts';
import { embeddedReadySeconds } from './readiness.ts';
import { createReport, type Report } from './report.ts';

const USAGE = `npm run soak -- [--decisions N] [--activations N] [--minutes N]

Makes N decisions (default 1000000) on one server with the starter bundle, while N times (default 50) another version of it is
activated, then a tenth of that with 10,000 policies, and watches the server's memory. Exit code 1 where it is too much or grows,
or where a decision is missing in the log. Ends each part after so many minutes (default 30).`;

const FEW_POLICIES = 10;
const MANY_POLICIES = 10_000;
/** Goals, in MB of resident set size. */
const STARTER_MB = 200;
const MANY_POLICIES_MB = 400;
/** What the last quarter may have more than the second; the first warms up. */
const FLAT = 1.1;

const { values } = parseArgs({
  options: {
    decisions: { type: 'string', default: '1000000' },
    activations: { type: 'string', default: '50' },
    minutes: { type: 'string', default: '30' },
    help: { type: 'boolean' },
  },
});

if (values.help === true) {
  console.log(USAGE);
} else {
  const report = createReport();
  await speed(report);
  await withPrivateWorld((world) =>
    soak(world, report, {
      decisions: Number(values.decisions),
      activations: Number(values.activations),
      limitMs: 60_000 * Number(values.minutes),
    }),
  );
  process.exitCode = report.print() ? 0 : 1;
}

interface SoakOptions {
  readonly decisions: number;
  readonly activations: number;
  readonly limitMs: number;
}

/** Told and not judged: a machine under test may be any. */
async function speed(report: Report): Promise<void> {
  const few = await evaluationMicroseconds(FEW_POLICIES);
  const many = await evaluationMicroseconds(MANY_POLICIES);
  report.figure(
    'evaluation, median',
    `${few.toFixed()} µs with 10 policies, ${many.toFixed()} µs with 10,000`,
  );
  report.figure('  ratio (goal: at most 2)', (many / few).toFixed(2));

  const [first, again] = await embeddedReadySeconds();
  report.figure(
    'ready with the embedded database (goal: 6 s)',
    `${first.toFixed(1)} s, again ${again.toFixed(1)} s`,
  );
}

async function soak(world: ServerWorld, report: Report, options: SoakOptions): Promise<void> {
  const { files } = await readBundleDirectory('policies/coding-agent');
  const versions = [files, withVersion(files, '1.0.1-soak')].map(writeArchive);
  const first = await world.serve();
  const digests: string[] = [];
  for (const archive of versions) digests.push(await deployArchive(world, first.addresses.admin, archive));
  await first.stop();

  const startedAt = performance.now();
  const server = await world.serve();
  report.figure(
    'ready with an external database (goal: 2 s)',
    `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`,
  );
  report.figure('RSS when ready', `${(await rssOfServer(server)).toFixed()} MB`);

  const starter = await soakStarter(world, server, digests, report, options);
  await deployArchive(world, server.addresses.admin, writeArchive(largeBundle(MANY_POLICIES)));
  const many = await soakMany(world, server, report, options);
  await checkLog(world, server, starter.decided + many.decided, report);
  await server.stop();
}

async function soakStarter(
  world: ServerWorld,
  server: ServerProcess,
  digests: readonly string[],
  report: Report,
  { decisions, activations, limitMs }: SoakOptions,
): Promise<Drive> {
  let activated = 0;
  const done = await drive({
    name: 'starter bundle',
    pid: pidOf(server),
    order: { grpc: server.addresses.grpc, token: world.runtimeToken, decisions, largePolicies: 0 },
    limitMs,
    async onProgress(decided) {
      if (activated >= activations || decided < (activated * decisions) / activations) return;

      await activate(world, server, digests[activated % digests.length] ?? '');
      activated += 1;
    },
  });

  const second = median(quarter(done.rss, 1));
  const last = median(quarter(done.rss, 3));
  decisionsMade(report, 'starter bundle', done, decisions);
  report.check('  activations', `${activated} of ${activations}`, activated === activations);
  report.check(`  RSS, median (goal: under ${STARTER_MB} MB)`, memoryOf(done), median(done.rss) < STARTER_MB);
  report.check(
    `  flat (last quarter at most ${FLAT} of the second)`,
    `${quarters(done)}; ${(last / second).toFixed(2)}`,
    last <= FLAT * second,
  );

  return done;
}

async function soakMany(
  world: ServerWorld,
  server: ServerProcess,
  report: Report,
  { decisions, limitMs }: SoakOptions,
): Promise<Drive> {
  const wanted = Math.ceil(decisions / 10);
  const done = await drive({
    name: '10,000 policies',
    pid: pidOf(server),
    order: {
      grpc: server.addresses.grpc,
      token: world.runtimeToken,
      decisions: wanted,
      largePolicies: MANY_POLICIES,
    },
    limitMs,
  });

  decisionsMade(report, '10,000 policies', done, wanted);
  report.check(
    `  RSS, median (goal: under ${MANY_POLICIES_MB} MB)`,
    memoryOf(done),
    median(done.rss) < MANY_POLICIES_MB,
  );

  return done;
}

/** Every decision that was made is in the log, and the log is whole. */
async function checkLog(
  world: ServerWorld,
  server: ServerProcess,
  decided: number,
  report: Report,
): Promise<void> {
  const problems = [...(await spoolProblems(world, server)), ...(await verificationProblems(world, server))];
  const pool = createPool({ connection: world.database.ownerUrl, max: 1 });
  try {
    const { rows } = await pool.query<{ count: string }>(
      "select count(*) from decisions where kind = 'decision'",
    );
    const logged = Number(rows[0]?.count);
    report.check('decisions in the log', `${logged} of ${decided}`, logged >= decided);
  } finally {
    await pool.end();
  }
  report.check('the log is whole', problems[0] ?? 'no problem', problems.length === 0);
}

function decisionsMade(
  report: Report,
  name: string,
  { decided, refused, errors, seconds }: Drive,
  wanted: number,
) {
  const rate = `${(decided / seconds).toFixed()}/s, ${refused} refused for a full spool and asked again`;
  report.check(
    `${name}: decisions`,
    `${decided} of ${wanted}, ${rate}${errors.length > 0 ? `, ${errors[0]}` : ''}`,
    decided === wanted && errors.length === 0,
  );
}

function memoryOf({ rss }: Drive): string {
  return `${median(rss).toFixed()} MB, at most ${Math.max(...rss).toFixed()} MB`;
}

function quarters({ rss }: Drive): string {
  return `${[0, 1, 2, 3].map((index) => median(quarter(rss, index)).toFixed()).join(', ')} MB by quarters`;
}

async function activate(world: ServerWorld, { addresses }: ServerProcess, digest: string): Promise<void> {
  const response = await fetch(`http://${addresses.admin}/v1/stores/default/deployment`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ digest }),
  });
  if (!response.ok) throw new Error(`not activated: ${await response.text()}`);
  await response.body?.cancel();
}

function withVersion(files: BundleFiles, version: string): BundleFiles {
  const manifest = Buffer.from(files.get('bundle.yaml') ?? []).toString();

  return new Map([
    ...files,
    ['bundle.yaml', Buffer.from(manifest.replace(/^version: .*$/m, `version: ${version}`))],
  ]);
}

function rssOfServer(server: ServerProcess): Promise<number> {
  return rssOf(pidOf(server));
}

function pidOf({ child }: ServerProcess): number {
  if (child.pid === undefined) throw new Error('a server without a process');

  return child.pid;
}
