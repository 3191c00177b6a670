/** Cells of the table that finds what two texts share: some megabytes. */
const MAX_CELLS = 4_000_000;

/** The lines of two texts, each behind `- ` where only the first has it, `+ ` where only the second has, or two spaces. */
export function diffLines(before: string, after: string): readonly string[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;

  return [
    ...a.slice(0, start).map(kept),
    ...diffMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(kept),
  ];
}

/** By the longest common subsequence; texts too long for its table are told as wholly different. */
function diffMiddle(a: readonly string[], b: readonly string[]): readonly string[] {
  const width = b.length + 1;
  if ((a.length + 1) * width > MAX_CELLS) return [...a.map(removed), ...b.map(added)];

  const common = new Uint32Array((a.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  for (let row = a.length - 1; row >= 0; row -= 1) {
    for (let column = b.length - 1; column >= 0; column -= 1) {
      common[row * width + column] =
        a[row] === b[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }

  const lines: string[] = [];
  let row = 0;
  let column = 0;
  while (row < a.length || column < b.length) {
    if (row < a.length && column < b.length && a[row] === b[column]) {
      lines.push(kept(a[row] ?? ''));
      row += 1;
      column += 1;
    } else if (column === b.length || (row < a.length && at(row + 1, column) >= at(row, column + 1))) {
      lines.push(removed(a[row] ?? ''));
      row += 1;
    } else {
      lines.push(added(b[column] ?? ''));
      column += 1;
    }
  }

  return lines;
}

function kept(line: string): string {
  return `  ${line}`;
}

function removed(line: string): string {
  return `- ${line}`;
}

function added(line: string): string {
  return `+ ${line}`;
}
