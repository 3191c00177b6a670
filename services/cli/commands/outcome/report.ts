import { Command, InvalidArgumentError, Option } from 'commander';
import { createRuntimeClient } from '../../client.ts';
import { print, table } from '../../output.ts';

type Costs = ReadonlyMap<string, bigint>;

interface ReportOptions {
  readonly outcome: 'success' | 'failure';
  readonly cost?: Costs;
  readonly inputTokens?: bigint;
  readonly outputTokens?: bigint;
  readonly durationMs?: bigint;
  readonly outputDigest?: string;
  readonly json?: boolean;
}

interface ReportAnswer {
  readonly decision_id: string;
  readonly outcome: string;
  readonly limits?: readonly {
    readonly name: string;
    readonly reserved: bigint;
    readonly charged: bigint;
  }[];
}

const EPILOGUE = `
The credential that got the decision reports, once, within an hour. The same report again is answered the same, so a script may send it
again. It asks at PALISADE_URL, with a runtime token in PALISADE_TOKEN, else .palisade/runtime.token.

Examples:
  palisade outcome report "$DECISION" --outcome success --cost spent_in_a_run=310000 --duration-ms 2300
  palisade outcome report "$DECISION" --outcome failure

Exit codes: 0 it is taken; 1 it is refused (another report was there before, or it is too late), or nothing answers; 2 wrong usage.`;

export function reportCommand(): Command {
  return new Command('report')
    .argument('<decision-id>', 'of the allow, as its reply and `palisade log query` have it')
    .addOption(
      new Option('--outcome <outcome>', 'whether the tool did what it was allowed to do')
        .choices(['success', 'failure'])
        .makeOptionMandatory(),
    )
    .option(
      '--cost <limit=amount>',
      "what it really cost, of a limit that counted it, in the limit's unit; may be repeated",
      addCost,
    )
    .option('--input-tokens <n>', 'for the log', countOf)
    .option('--output-tokens <n>', 'for the log', countOf)
    .option('--duration-ms <n>', 'for the log', countOf)
    .option('--output-digest <digest>', 'sha256:… of what the tool gave back')
    .option('--json', 'print JSON')
    .description('Reports what an allowed call came to; limits are corrected by it.')
    .addHelpText('after', EPILOGUE)
    .action(async (decision: string, options: ReportOptions) => {
      const path = `/v1/decisions/${encodeURIComponent(decision)}/outcome`;
      const body = { json: bodyOf(options) };
      const answer = (await createRuntimeClient().request('POST', path, body)) as ReportAnswer;
      print(answer, options.json, () => answerLines(answer));
    });
}

function bodyOf({ outcome, cost, inputTokens, outputTokens, durationMs, outputDigest }: ReportOptions) {
  return {
    outcome,
    ...(cost === undefined ? {} : { cost: Object.fromEntries(cost) }),
    ...(inputTokens === undefined ? {} : { input_tokens: inputTokens }),
    ...(outputTokens === undefined ? {} : { output_tokens: outputTokens }),
    ...(durationMs === undefined ? {} : { duration_ms: durationMs }),
    ...(outputDigest === undefined ? {} : { output_digest: outputDigest }),
  };
}

function answerLines({ outcome, limits = [] }: ReportAnswer): string[] {
  const corrected = limits.map(({ name, reserved, charged }) => [name, String(reserved), String(charged)]);

  return [
    `The ${outcome} is recorded.`,
    ...(corrected.length === 0 ? [] : ['', ...table([['LIMIT', 'RESERVED', 'CHARGED'], ...corrected])]),
  ];
}

function addCost(text: string, costs: Costs = new Map()): Costs {
  const [, name, amount] = /^([^=]+)=(\d{1,19})$/.exec(text) ?? [];
  if (name === undefined || amount === undefined) {
    throw new InvalidArgumentError('It is a limit and a whole number, such as spent_in_a_day=310.');
  }
  if (costs.has(name)) throw new InvalidArgumentError(`The limit ${name} is named twice.`);

  return new Map([...costs, [name, BigInt(amount)]]);
}

function countOf(text: string): bigint {
  if (/^\d{1,19}$/.test(text)) return BigInt(text);

  throw new InvalidArgumentError('It is a whole number.');
}
