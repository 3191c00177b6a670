/** A text as a column holds it: Postgres refuses a NUL, and half a surrogate pair is no UTF-8. */
export function columnText(text: string): string {
  const wellFormed = text.toWellFormed();

  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '\ufffd') : wellFormed;
}
