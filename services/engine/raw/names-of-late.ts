/** Longer names are made anew each time. */
export const LONGEST_KEPT = 32;

const SLOTS = 1024;

/** The last name of each slot that any text had: texts of one kind have the same names again and again. */
const names: (string | undefined)[] = new Array<string | undefined>(SLOTS).fill(undefined);

/** The hash of a name from that of what stands before its last unit; 0 of nothing. */
export function nextHash(hash: number, unit: number): number {
  return (Math.imul(hash, 31) + unit) | 0;
}

/**
 * A part of a text without escapes, which is the name of a member; the same string again where it was one of late.
 * @param hash of the part, by {@link nextHash}.
 */
export function nameOfLate(text: string, start: number, end: number, hash: number): string {
  const slot = hash & (SLOTS - 1);
  const known = names[slot];
  if (known !== undefined && known.length === end - start && text.startsWith(known, start)) return known;

  const name = detached(text.slice(start, end));
  names[slot] = name;

  return name;
}

/**
 * A part of a text keeps all of it in memory; the name of a property is a text of its own.
 *
 * The object has no prototype, which makes it a table from the start. Another would need a shape for each new name: a body of nothing but
 * names that its caller made up took twice as long to read.
 */
function detached(part: string): string {
  const table: Record<string, true> = Object.create(null);
  table[part] = true;

  return Object.keys(table)[0] ?? part;
}
