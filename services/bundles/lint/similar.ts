/** Edits of one character after which a word may still be meant. */
const MAX_EDITS = 2;

/** Of some words, the one that a reader most likely meant, upper and lower case alike; `undefined`: none is near. */
export function similarTo(text: string, words: readonly string[]): string | undefined {
  const lower = text.toLowerCase();
  const ranked = words
    .map((word) => ({ word, edits: editsBetween(lower, word) }))
    .filter(({ word, edits }) => edits <= Math.min(MAX_EDITS, word.length - 1))
    .sort((a, b) => a.edits - b.edits);

  return ranked[0]?.word;
}

/** Insertions, deletions, changes and swaps of neighbours that lead from one text to another (optimal string alignment). */
function editsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_EDITS) return MAX_EDITS + 1;

  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (same ? 0 : 1),
          isSwap ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }

  return at(a.length, b.length);
}
