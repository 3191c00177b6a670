import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { type JsonValue, jsonText } from '../../ledger/json.ts';
import { type Client, createAdminClient } from '../client.ts';
import { EXIT } from '../errors.ts';
import { print, table } from '../output.ts';

interface Uid {
  readonly type: string;
  readonly id: string;
}

/** What the lines of `log` show of a record; see schemas/decision-record.schema.json. */
interface RecordAnswer {
  readonly kind:
    | 'decision'
    | 'error'
    | 'change'
    | 'administration'
    | 'flip'
    | 'break_glass_report'
    | 'run'
    | 'outcome';
  readonly decision_id: string;
  readonly time: string;
  readonly store: string | null;
  readonly principal?: Uid | null;
  /** Of a change or a run, what was done. */
  readonly action: Uid | string | null;
  readonly resource?: Uid | null;
  readonly decision?: string;
  readonly reason_code?: string;
  readonly determining?: readonly string[];
  readonly error?: { readonly code: string; readonly field: string | null };
  readonly author?: string;
  readonly reason?: string;
  /** Of a break-glass that is over. */
  readonly report?: { readonly allowed: bigint; readonly denied: bigint };
  readonly flip?: { readonly of: string; readonly candidate: { readonly decision: string } };
  readonly outcome?: { readonly of: string; readonly result: string };
}

interface QueryOptions {
  readonly principal?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly decision?: string;
  readonly reasonCode?: string;
  readonly subject?: string;
  readonly bundle?: string;
  readonly trace?: string;
  readonly breakGlass?: string;
  readonly administration?: boolean;
  readonly since?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

interface VerificationAnswer {
  readonly records: bigint;
  readonly chains: bigint;
  readonly problems: bigint;
  readonly refused: bigint;
  readonly waiting: bigint;
  readonly findings: readonly {
    readonly problem: string;
    readonly process_id: string;
    readonly boot_id: string;
    readonly seq: bigint;
    readonly decision_id?: string;
    readonly detail: string;
  }[];
}

/** How often `log tail` asks for more. */
const TAIL_EVERY_MS = 500;

export function logCommand(): Command {
  const command = new Command('log').description(
    'The decision log: what was asked, what was answered, why, by which bundle.',
  );

  command
    .command('tail')
    .option('--json', 'print each record as a line of JSON')
    .description('Prints decisions as they reach the log, until it is interrupted.')
    .action(({ json }: { json?: boolean }) => tail(createAdminClient(), json));

  command
    .command('show')
    .argument('<id>', 'a decision id')
    .option('--json', 'print the record as one line of JSON')
    .description('Prints the whole record of one decision; its exact input stays encrypted.')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const record = await createAdminClient().request('GET', `/v1/decisions/${encodeURIComponent(id)}`);
      print(record, json, () => indented(record as JsonValue));
    });

  command
    .command('query')
    .option('--principal <uid>', 'such as \'Agent::"build-bot"\'')
    .option('--action <uid>', 'such as \'Action::"git_push"\'')
    .option('--resource <uid>', 'such as \'Repo::"palisade"\'')
    .option('--decision <decision>', 'allow or deny')
    .option('--reason-code <code>', 'such as forbidden; of a call that was not decided, its error code')
    .option('--subject <name>', 'the credential that asked')
    .option('--bundle <digest>', 'sha256:…')
    .option('--trace <id>', '32 hex digits')
    .option('--break-glass <id>', 'what was decided under it')
    .option('--administration', 'calls of administration, and those alone')
    .option('--since <duration>', 'how far back, such as 1h30m')
    .option('--limit <n>', 'at most 1000', '100')
    .option('--json', 'print each record as a line of JSON')
    .description('Finds decisions, newest first.')
    .action((options: QueryOptions) => query(createAdminClient(), options));

  command
    .command('verify')
    .option('--json', 'print JSON')
    .description(
      'Walks every hash chain of the log and reports gaps, edits and forks; exit code 1 if there are any.',
    )
    .action(async ({ json }: { json?: boolean }) => {
      const answer = (await createAdminClient().request('GET', '/v1/log/verification')) as VerificationAnswer;
      print(answer, json, () => verificationLines(answer));
      if (answer.problems > 0n) process.exitCode = EXIT.failed;
    });

  return command;
}

async function tail(client: Client, json: boolean | undefined): Promise<void> {
  let { cursor } = await tailPage(client, undefined);
  for (;;) {
    const page = await tailPage(client, cursor);
    cursor = page.cursor;
    for (const record of page.records) print(record, json, () => [lineOf(record)]);
    if (page.records.length === 0) await sleep(TAIL_EVERY_MS);
  }
}

async function tailPage(
  client: Client,
  after: string | undefined,
): Promise<{ readonly records: readonly RecordAnswer[]; readonly cursor: string }> {
  const path = after === undefined ? '/v1/log/tail' : `/v1/log/tail?after=${encodeURIComponent(after)}`;

  return (await client.request('GET', path)) as { records: readonly RecordAnswer[]; cursor: string };
}

async function query(client: Client, options: QueryOptions): Promise<void> {
  const parameters = new URLSearchParams();
  const { reasonCode, bundle, trace, breakGlass, json, ...plain } = options;
  const named = {
    ...plain,
    ...{ reason_code: reasonCode, bundle_digest: bundle, trace_id: trace, break_glass: breakGlass },
  };
  for (const [name, value] of Object.entries(named))
    if (value !== undefined) parameters.set(name, String(value));

  const { records, next } = (await client.request('GET', `/v1/decisions?${parameters}`)) as {
    records: readonly RecordAnswer[];
    next: string | null;
  };
  if (json === true) {
    for (const record of records) process.stdout.write(`${jsonText(record as unknown as JsonValue)}\n`);
    return;
  }

  const heading = ['TIME', 'DECISION', 'WHY', 'PRINCIPAL', 'ACTION', 'RESOURCE', 'ID'];
  print(records, false, () => table([heading, ...records.map(cellsOf)]));
  if (next !== null) process.stdout.write('… there are more: narrow the query or raise --limit\n');
}

function lineOf(record: RecordAnswer): string {
  return cellsOf(record).join('  ');
}

function cellsOf(record: RecordAnswer): string[] {
  return [
    record.time,
    record.decision ?? record.kind,
    whyOf(record).join(' '),
    uidText(record.principal),
    uidText(record.action),
    uidText(record.resource),
    record.decision_id,
  ];
}

function whyOf({
  error,
  author,
  reason,
  flip,
  report,
  outcome,
  reason_code,
  determining = [],
}: RecordAnswer): readonly string[] {
  if (error !== undefined) return [error.code];
  if (author !== undefined) return [`${author}:`, reason ?? ''];
  if (flip !== undefined) return ['to', flip.candidate.decision, 'of', flip.of];
  if (outcome !== undefined) return [outcome.result, 'of', outcome.of];

  if (report !== undefined) return [`${report.allowed} allowed,`, `${report.denied} denied`];

  return [reason_code ?? '', ...determining];
}

function uidText(uid: Uid | string | null | undefined): string {
  if (typeof uid === 'string') return uid;

  return uid === null || uid === undefined ? '-' : `${uid.type}::${JSON.stringify(uid.id)}`;
}

function indented(record: JsonValue): string[] {
  const exact = (_name: string, value: unknown): unknown =>
    typeof value === 'bigint' ? rawJson(value.toString()) : value;

  return JSON.stringify(record, exact, 2).split('\n');
}

/** ECMAScript "JSON.parse source text access", which TypeScript's library lacks. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

function verificationLines({
  records,
  chains,
  problems,
  refused,
  waiting,
  findings,
}: VerificationAnswer): string[] {
  const lines = findings.map(
    ({ problem, process_id, boot_id, seq, decision_id, detail }) =>
      `${problem.toUpperCase()} ${process_id}/${boot_id} at ${seq}${decision_id === undefined ? '' : ` (${decision_id})`}: ${detail}`,
  );
  const state = problems === 0n ? 'whole: no gap, no edit, no fork' : `${problems} problem(s)`;

  return [
    ...lines,
    `${records} records in ${chains} chains, ${state}.`,
    ...(waiting > 0n ? [`${waiting} records of the answering process are still in its spool.`] : []),
    ...(refused > 0n ? [`${refused} spool lines could not become rows and are kept as bytes.`] : []),
  ];
}
