/** Texts of callers as people are to read them: nothing hides in them, and nothing changes how the rest is seen. */

/** An entity as Cedar text. */
export function shownUid({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}::${quoted(id)}`;
}

/**
 * A string in quotes. What is not seen, or changes how the rest is seen, stands as its number: control, format and bidirectional
 * characters, every space but the common one, and what a font may leave out.
 */
export function quoted(text: string): string {
  const escaped = text.replace(/["\\]|(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );

  return `"${escaped}"`;
}
