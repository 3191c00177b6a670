/** Stands where a scope demands nothing. */
export const ANY = -1;
/** The number of a text that no scope names: equal to none of those that one does. */
export const UNKNOWN = -2;

/** The number of a text, counted from 0 in the order that texts are first given. */
export function numbered(numbers: Map<string, number>, text: string): number {
  const known = numbers.get(text);
  if (known !== undefined) return known;
  numbers.set(text, numbers.size);

  return numbers.size - 1;
}
