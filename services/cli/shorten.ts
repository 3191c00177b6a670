/** The beginning of a text of at most so many characters, with a sign where it was cut. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most - 1);

  // Not between the two halves of one character.
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}
