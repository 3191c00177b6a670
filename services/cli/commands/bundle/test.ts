import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import type { TestReport } from '../../../bundles/test-bundle.ts';
import { testInWorker } from '../../../bundles/worker/test.ts';
import { PdpError } from '../../../engine/error.ts';
import { readBundleSource } from '../../bundle-source.ts';
import { CliError, EXIT, type ExitCode } from '../../errors.ts';
import { junitXml } from '../../junit.ts';
import { print, printable } from '../../output.ts';
import { plainJson } from '../../plain-json.ts';
import { stopSignal } from '../../stop-signal.ts';
import { runOnChange } from '../../watch.ts';
import { testLines } from './test-report.ts';

interface TestCommandOptions {
  readonly filter?: string;
  readonly minCoverage?: number;
  readonly junit?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
}

const EPILOGUE = `
Runs every test of the bundle, through the function that decides in production, and says what the tests have seen of the policies.
Each policy is to match a request and to decide one; each when and unless, each operand of && and ||, and each if is to be seen
true and false. docs/bundle-format.md has the exact definition. Whether the policies are valid says \`palisade bundle check\`.

Exit codes: 0 all tests passed; 1 a test failed, the bundle cannot be read, or the coverage is below --min-coverage; 2 wrong usage,
such as a filter that leaves no test. With --watch, 0 when it is interrupted.

Examples:
  palisade bundle test policies/receipts
  palisade bundle test policies/receipts --filter attachment --watch
  palisade bundle test policies/receipts --min-coverage 95 --junit report.xml`;

export function testCommand(): Command {
  return new Command('test')
    .argument('<dir or file>', 'a folder with bundle.yaml, or an archive that `build` wrote')
    .option('--filter <text>', 'only tests whose file or description holds this text, in any case')
    .option('--min-coverage <percent>', 'exit with 1 where the coverage is below this', percentOf)
    .option('--junit <file>', 'write the results as JUnit XML, too')
    .option('--json', 'print the report as JSON, with every branch')
    .option('--watch', 'run again after each change, until interrupted')
    .description('Runs the tests of a bundle and measures their coverage. Needs no running Palisade.')
    .addHelpText('after', EPILOGUE)
    .action(async (source: string, options: TestCommandOptions) => {
      if (options.watch === true) await watch(source, options);
      else process.exitCode = await runOnce(source, options);
    });
}

function percentOf(text: string): number {
  if (!/^(?:\d{1,2}|100)$/.test(text))
    throw new InvalidArgumentError('it must be a whole number from 0 to 100');

  return Number(text);
}

async function runOnce(source: string, options: TestCommandOptions, signal?: AbortSignal): Promise<ExitCode> {
  const { filter, minCoverage = 0, junit, json } = options;
  const { bundle, problems } = await readBundleSource(source);
  const read = await testInWorker(bundle, { filter }, signal === undefined ? {} : { signal });
  const report: TestReport = { ...read, problems: [...problems, ...read.problems] };
  const { tests, coverage } = report;
  if (tests !== undefined && tests.results.length === 0 && tests.left_out > 0) {
    throw new CliError(`no test's file or description holds ${JSON.stringify(filter)}`, EXIT.usage);
  }

  const percent = coverage?.percent ?? 0;
  const tooLittle =
    coverage !== undefined && percent < minCoverage
      ? `coverage ${percent}% is below --min-coverage ${minCoverage}`
      : undefined;
  const isGood =
    tests?.failed === 0 &&
    tooLittle === undefined &&
    report.problems.every(({ severity }) => severity !== 'error');

  print(plainJson({ ok: isGood, ...report }), json, () => [
    ...testLines(report),
    ...(tooLittle === undefined ? [] : ['', tooLittle]),
  ]);
  if (junit !== undefined) await writeFile(junit, junitXml(report, tooLittle));

  return isGood ? EXIT.ok : EXIT.failed;
}

/** Goes on whatever state the folder is in; only what is wrong from the start is wrong usage. */
async function watch(source: string, options: TestCommandOptions): Promise<void> {
  await readBundleSource(source);
  const stopped = new AbortController();
  void stopSignal().then(() => stopped.abort());
  const run = async (): Promise<void> => {
    try {
      await runOnce(source, options, stopped.signal);
    } catch (thrown) {
      if (stopped.signal.aborted) return;
      process.stderr.write(`palisade: ${printable(messageOf(thrown))}\n`);
    }
    if (!stopped.signal.aborted)
      process.stderr.write(`palisade: waiting for a change of ${printable(source)}\n`);
  };

  await runOnChange(source, run, stopped.signal);
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof PdpError) return `${thrown.code}: ${thrown.message}`;

  return thrown instanceof Error ? thrown.message : String(thrown);
}
