import type { Figure } from './figure.ts';
import { describeMachine } from './machine.ts';

/** Where figures go: standard output has the table or the lines, standard error everything else. */
export interface Report {
  figure(figure: Figure): void;
  /** Something that the reader of a figure should know. */
  note(text: string): void;
  /** Ends the report; prints the table. */
  end(): void;
}

const COLUMNS = [
  'name',
  'unit',
  'p50',
  'p99',
  'cedar_p50',
  'cedar/p50',
  'per_second',
  'baseline_per_second',
  'ratio',
  'rss_mb',
] as const satisfies readonly (keyof Figure | 'cedar/p50')[];

type Column = (typeof COLUMNS)[number];

const DIGITS: Readonly<Record<Exclude<Column, 'name' | 'unit'>, number>> = {
  p50: 2,
  p99: 2,
  cedar_p50: 2,
  'cedar/p50': 1,
  per_second: 0,
  baseline_per_second: 0,
  ratio: 3,
  rss_mb: 0,
};

export function createReport(json: boolean): Report {
  const { text, warning } = describeMachine();
  const figures: Figure[] = [];
  console.error(text);
  if (warning !== undefined) console.error(`WARNING: ${warning}`);

  return {
    figure(figure) {
      figures.push(figure);
      if (json) console.log(JSON.stringify(rounded(figure)));
      else console.error(`measured ${figure.name}`);
    },

    note(note) {
      console.error(note);
    },

    end() {
      if (!json) console.log(table(figures));
    },
  };
}

/** No figure is better than its digits. */
function rounded(figure: Figure): Figure {
  return { ...figure, ...Object.fromEntries(Object.entries(DIGITS).flatMap(roundedMember)) };

  function roundedMember([name, digits]: [string, number]): [string, number][] {
    const value = figure[name as keyof Figure];

    return typeof value !== 'number' ? [] : [[name, Number(value.toFixed(digits))]];
  }
}

/** Without the columns in which no figure has anything. */
function table(figures: readonly Figure[]): string {
  const columns = COLUMNS.filter((name) => figures.some((figure) => cell(figure, name) !== ''));
  const rows = [columns.map(String), ...figures.map((figure) => columns.map((name) => cell(figure, name)))];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));

  return rows
    .map((row) =>
      row
        .map((text, column) =>
          isText(columns[column]) ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function isText(name: Column | undefined): boolean {
  return name === 'name' || name === 'unit';
}

function cell(figure: Figure, name: Column): string {
  if (name === 'name' || name === 'unit') return figure[name] ?? '';

  const value = name === 'cedar/p50' ? timesOfCedar(figure) : figure[name];

  return value?.toFixed(DIGITS[name]) ?? '';
}

/** How many times as long as the compiled evaluator Cedar's own takes. */
function timesOfCedar({ p50, cedar_p50 }: Figure): number | undefined {
  return p50 === undefined || cedar_p50 === undefined ? undefined : cedar_p50 / p50;
}
