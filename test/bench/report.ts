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
  'per_second',
  'baseline_per_second',
  'ratio',
  'rss_mb',
] as const satisfies readonly (keyof Figure)[];

type Column = (typeof COLUMNS)[number];

const DIGITS: Readonly<Record<Exclude<Column, 'name' | 'unit'>, number>> = {
  p50: 2,
  p99: 2,
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
    const value = figure[name as keyof typeof DIGITS];

    return value === undefined ? [] : [[name, Number(value.toFixed(digits))]];
  }
}

function table(figures: readonly Figure[]): string {
  const rows = [COLUMNS.map(String), ...figures.map((figure) => COLUMNS.map((name) => cell(figure, name)))];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));

  return rows
    .map((row) =>
      row
        .map((text, column) =>
          column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cell(figure: Figure, name: Column): string {
  if (name === 'name' || name === 'unit') return figure[name];

  return figure[name]?.toFixed(DIGITS[name]) ?? '';
}
