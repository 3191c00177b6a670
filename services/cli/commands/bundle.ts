import { readFile, stat, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { writeArchive } from '../../bundles/archive.ts';
import type { CheckReport } from '../../bundles/check.ts';
import { renderProblem } from '../../bundles/problem.ts';
import { checkFolder } from '../bundle-folder.ts';
import { createAdminClient } from '../client.ts';
import { CliError, EXIT } from '../errors.ts';
import { print, table } from '../output.ts';

interface BundleAnswer {
  readonly digest: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly size: bigint;
  readonly cedar_version: string;
  readonly created_at: string;
  readonly created_by: string;
  readonly created?: boolean;
}

export function bundleCommand(): Command {
  const command = new Command('bundle').description(
    'Policies, schema, entities and tests as one immutable thing.',
  );

  command
    .command('check')
    .argument('<dir>', 'a folder with bundle.yaml')
    .option('--json', 'print the report as JSON')
    .description(
      'Says everything that is wrong with a bundle, and runs its tests. Needs no running Palisade.',
    )
    .action(async (dir: string, { json }: { json?: boolean }) => {
      const { report } = await checkFolder(dir);
      print(asJson(report), json, () => reportLines(report));
      if (!report.ok) process.exitCode = EXIT.failed;
    });

  command
    .command('build')
    .argument('<dir>', 'a folder with bundle.yaml')
    .option('-o, --output <file>', 'where to write the archive; <name>-<version>.palisade.tgz if left out')
    .option('--json', 'print JSON')
    .description('Checks a bundle and writes its archive; the same files give the same bytes everywhere.')
    .action(async (dir: string, { output, json }: { output?: string; json?: boolean }) => {
      const { archive, report } = await build(dir);
      const file = output ?? `${report.name}-${report.version}.palisade.tgz`;
      await writeFile(file, archive);
      print({ file, digest: report.digest }, json, () => [`${file}\n${report.digest}`]);
    });

  command
    .command('push')
    .argument('<dir or file>', 'a folder with bundle.yaml, or an archive that `build` wrote')
    .option('--json', 'print JSON')
    .description(
      'Stores a bundle in a running Palisade, which checks it again. It decides nothing until it is deployed.',
    )
    .action(async (source: string, { json }: { json?: boolean }) => {
      const isFolder = (await stat(source).catch(() => undefined))?.isDirectory() === true;
      const archive = isFolder ? (await build(source)).archive : await readArchiveFile(source);
      const answer = (await createAdminClient().request('POST', '/v1/bundles', { archive })) as BundleAnswer;
      print(answer, json, () => [
        `${answer.name} ${answer.version} ${answer.created === true ? 'is stored' : 'was stored already'}: ${answer.digest}`,
        `Next: palisade deploy activate default ${answer.digest}`,
      ]);
    });

  command
    .command('list')
    .option('--json', 'print JSON')
    .description('Lists the bundles of a running Palisade, newest first.')
    .action(async ({ json }: { json?: boolean }) => {
      const bundles = await listAll();
      print({ bundles }, json, () =>
        table([
          ['NAME', 'VERSION', 'PUSHED', 'BY', 'DIGEST'],
          ...bundles.map((one) => [one.name, one.version, one.created_at, one.created_by, one.digest]),
        ]),
      );
    });

  command
    .command('show')
    .argument('<digest>', 'sha256:…')
    .option('--json', 'print JSON')
    .description('Shows one bundle of a running Palisade.')
    .action(async (digest: string, { json }: { json?: boolean }) => {
      const answer = (await createAdminClient().request(
        'GET',
        `/v1/bundles/${encodeURIComponent(digest)}`,
      )) as BundleAnswer;
      print(answer, json, () =>
        table([
          ['name', answer.name],
          ['version', answer.version],
          ['description', answer.description],
          ['digest', answer.digest],
          ['size', `${answer.size} bytes`],
          ['checked by', `Cedar ${answer.cedar_version}`],
          ['pushed', `${answer.created_at} by ${answer.created_by}`],
        ]),
      );
    });

  return command;
}

async function build(dir: string): Promise<{ archive: Uint8Array; report: CheckReport }> {
  const { files, report } = await checkFolder(dir);
  if (!report.ok) throw new CliError(reportLines(report).join('\n'));

  return { archive: writeArchive(files), report };
}

async function readArchiveFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch {
    throw new CliError(`${path} is neither a folder nor an archive that can be read`, EXIT.usage);
  }
}

async function listAll(): Promise<readonly BundleAnswer[]> {
  const client = createAdminClient();
  const all: BundleAnswer[] = [];
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page = (await client.request(
      'GET',
      `/v1/bundles?limit=200${next === '' ? '' : `&before=${next}`}`,
    )) as {
      bundles: readonly BundleAnswer[];
      next?: string;
    };
    all.push(...page.bundles);
    next = page.next;
  }

  return all;
}

function reportLines(report: CheckReport): string[] {
  const { name, version, tests, policies, unanchored, entities, digest, problems, ok } = report;
  const found = problems.flatMap((problem) => [renderProblem(problem), '']);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const ran =
    tests === undefined ? 'tests not run' : `${tests.passed} of ${tests.passed + tests.failed} tests passed`;

  return [
    ...found,
    `${name ?? 'the bundle'} ${version ?? ''}: ${policies} policies (${unanchored} that every request pays for), ${entities} entities, ${ran}`,
    ok ? digest : `${errors} problem(s): this bundle cannot be deployed`,
  ];
}

/** The report holds plain data without 64-bit integers beyond 2^53; the printer wants every integer as bigint. */
function asJson(report: CheckReport): unknown {
  return JSON.parse(JSON.stringify(report), (_name, value: unknown) =>
    typeof value === 'number' ? BigInt(value) : value,
  );
}
