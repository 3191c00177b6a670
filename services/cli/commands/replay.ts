import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { archiveAt } from '../bundle-archive.ts';
import { type Client, type ClientBody, createAdminClient } from '../client.ts';
import { CliError, EXIT } from '../errors.ts';
import { print, printable } from '../output.ts';
import type { ProgressAnswer, ReportAnswer } from '../replay/answer.ts';
import { COUNTED, type FailOn, readFailOn } from '../replay/fail-on.ts';
import { reportPage } from '../replay/html.ts';
import { createProgressLine } from '../replay/progress.ts';
import { reportLines } from '../replay/table.ts';

interface ReplayOptions {
  readonly store: string;
  readonly bundle?: string;
  readonly verify?: boolean;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: string;
  readonly failOn?: readonly string[];
  readonly json?: boolean;
  readonly html?: string;
}

const RULES = `
Rules of --fail-on: NAME, one of > >= < <=, and a number or a share such as 0.5%. Several may be given; one that is met makes the exit
code 1. A share is one of the records that were decided again (of "replayed" and "unreplayed": of those that were read).
${Object.entries(COUNTED)
  .map(([name, words]) => `  ${name.padEnd(19)}${words}`)
  .join('\n')}

Examples:
  palisade replay --store default --bundle policies/my-agent --since 7d --fail-on 'allow-to-deny>0'
  palisade replay --store default --bundle sha256:… --since 30d --fail-on 'flips>0.1%' --fail-on 'replayed<1000' --html flips.html
  palisade replay --store default --verify --since 1d

Exit codes: 0 done; 1 a rule of --fail-on is met, or --verify found a difference, or it could not be done; 2 wrong usage.`;

export function replayCommand(): Command {
  return new Command('replay')
    .requiredOption('--store <name>', 'the policy store whose decisions are replayed')
    .option('--bundle <candidate>', 'what to decide by: sha256:… of a pushed bundle, a folder or an archive')
    .option('--verify', 'decide each record by the bundle that decided it, and list those that differ')
    .option('--since <duration>', 'how far back to begin, such as 7d; left out: with the first record')
    .option('--until <duration>', 'how far back to end, such as 1h; left out: now')
    .option('--limit <n>', 'at most so many records, the newest')
    .option('--fail-on <rule>', 'exit with 1 where this is so; see below', collect)
    .option('--json', 'print JSON')
    .option('--html <file>', 'write the report as one page that needs nothing else')
    .description(
      'Decides past requests again by a candidate and says which decisions would flip, by which policies. Nothing is stored or changed.',
    )
    .addHelpText('after', RULES)
    .action(replay);
}

function collect(rule: string, before: readonly string[] = []): readonly string[] {
  return [...before, rule];
}

async function replay(options: ReplayOptions): Promise<void> {
  const kind = kindOf(options);
  const rules = (options.failOn ?? []).map((text) => readRule(text, kind));
  const report = await askFor(createAdminClient(), options);
  const met = rules.filter(({ isMet }) => isMet(report)).map(({ text }) => text);

  if (options.html !== undefined) await writePage(options.html, reportPage(report, met));
  print(report, options.json, () => [
    ...reportLines(report),
    ...(options.html === undefined ? [] : ['', `The whole report is in ${options.html}.`]),
  ]);
  for (const rule of met) process.stderr.write(`palisade: ${printable(rule)}\n`);
  if (met.length > 0 || (report.kind === 'verification' && report.differing > 0n))
    process.exitCode = EXIT.failed;
}

function kindOf({ bundle, verify = false, json, html }: ReplayOptions): ReportAnswer['kind'] {
  if (verify === (bundle !== undefined)) {
    throw new CliError('give either --bundle, what to decide by, or --verify', EXIT.usage);
  }
  if (json === true && html !== undefined) throw new CliError('give either --json or --html', EXIT.usage);

  return verify ? 'verification' : 'candidate';
}

function readRule(text: string, kind: ReportAnswer['kind']): FailOn {
  const rule = readFailOn(text, kind);
  if (typeof rule === 'string') throw new CliError(`--fail-on: ${rule}`, EXIT.usage);

  return rule;
}

const DIGEST = /^sha256:/;

async function askFor(client: Client, options: ReplayOptions): Promise<ReportAnswer> {
  const { store, bundle, since, until, limit } = options;
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ since, until, limit })) {
    if (value !== undefined) parameters.set(name, value);
  }
  let body: ClientBody | undefined;
  if (bundle !== undefined && DIGEST.test(bundle)) parameters.set('digest', bundle);
  else if (bundle !== undefined) body = { archive: await archiveAt(bundle) };

  const path = `/v1/stores/${encodeURIComponent(store)}/replay${bundle === undefined ? '/verification' : ''}`;

  return follow(client.lines('POST', `${path}?${parameters}`, body));
}

/** What a line of the server may hold. */
interface Line {
  readonly progress?: ProgressAnswer;
  readonly report?: ReportAnswer;
  readonly error?: { readonly code: string; readonly detail: string };
}

async function follow(lines: AsyncIterable<unknown>): Promise<ReportAnswer> {
  const line = createProgressLine();
  try {
    for await (const { progress, report, error } of lines as AsyncIterable<Line>) {
      if (progress !== undefined) line.show(progress);
      if (error !== undefined) throw new CliError(`${error.code}: ${error.detail}`);
      if (report !== undefined) return report;
    }
  } finally {
    line.clear();
  }

  throw new CliError('the server broke off the replay without a report');
}

async function writePage(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (cause) {
    throw new CliError(`the report cannot be written: ${cause instanceof Error ? cause.message : cause}`);
  }
}
