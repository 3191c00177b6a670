import { escapeControls } from '../bundles/problem.ts';
import { type JsonValue, jsonText } from '../ledger/json.ts';

/** Prints what a server answered: JSON as it is with `--json`, else the lines made of it. */
export function print(answer: unknown, json: boolean | undefined, lines: () => readonly string[]): void {
  const text = json === true ? jsonText(answer as JsonValue) : printable(lines().join('\n'));
  process.stdout.write(`${text}\n`);
}

/** Plain data without integers beyond 2^53, for {@link print}, which wants every integer as bigint. */
export function exactJson(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data), (_name, value: unknown) =>
    typeof value === 'number' ? BigInt(value) : value,
  );
}

/** The text without what a terminal would obey: names, reasons and identifiers are other people's words. */
export function printable(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}

/** Lines up columns; the first row is the heading. */
export function table(cells: readonly (readonly string[])[]): string[] {
  const rows = cells.map((row) => row.map(escapeControls));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));

  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
