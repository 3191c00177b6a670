import { parseArgs } from 'node:util';
import { type Effort, FULL_EFFORT, QUICK_EFFORT } from './figure.ts';

export const USAGE = `npm run bench -- [--only NAME]... [--rounds N] [--seconds N] [--compare cedar] [--quick] [--json]

Measures Palisade and prints a table, or with --json one line per figure.

  --only NAME      one figure, or all whose name begins so; may be repeated
  --rounds N       rounds of each comparison (default ${FULL_EFFORT.rounds})
  --seconds N      length of the sustained load (default ${FULL_EFFORT.sustainedMs / 1_000})
  --compare cedar  in the engine's figures also Cedar's own evaluator, in the same rounds
  --quick          only shows that everything works: figures mean nothing
  --json           one JSON object per line on standard output

Figures: NAMES

Exit code 1 where a reply was missing, failed or wrong, or the spool grew; 2 for a wrong option. docs/performance.md says what
each figure means.`;

export interface BenchOptions {
  /** Of the figures to measure, in the order that they are offered in. */
  readonly names: readonly string[];
  readonly effort: Effort;
  /** Whether Cedar's own evaluator is measured beside the compiled one. */
  readonly compareCedar: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws Error for an unknown option or name, a number that is none, or a comparison with something else than Cedar. */
export function readOptions(args: readonly string[], offered: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      compare: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const effort = values.quick ? QUICK_EFFORT : FULL_EFFORT;

  return {
    names: selected(offered, values.only),
    effort: {
      ...effort,
      rounds: countIn('rounds', values.rounds) ?? effort.rounds,
      sustainedMs: 1_000 * (countIn('seconds', values.seconds) ?? effort.sustainedMs / 1_000),
    },
    compareCedar: comparesCedar(values.compare),
    json: values.json,
    help: values.help,
  };
}

const MAX_COUNT = 3_600;

function countIn(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;

  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_COUNT) return count;

  throw new Error(`--${name} must be a whole number from 1 to ${MAX_COUNT}`);
}

function comparesCedar(other: string | undefined): boolean {
  if (other === undefined || other === 'cedar') return other !== undefined;

  throw new Error(`--compare takes cedar, not ${other}`);
}

function selected(offered: readonly string[], only: readonly string[] | undefined): readonly string[] {
  if (only === undefined) return offered;

  const wanted = new Set(only.flatMap((name) => named(offered, name)));
  return offered.filter((name) => wanted.has(name));
}

function named(offered: readonly string[], name: string): readonly string[] {
  const found = offered.includes(name) ? [name] : offered.filter((one) => one.startsWith(name));
  if (found.length === 0) throw new Error(`no figure is called ${name}`);

  return found;
}
