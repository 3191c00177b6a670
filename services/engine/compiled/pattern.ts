import type { PatternPart } from './shape.ts';

/** The pattern of a `like`: texts with wildcards between them. */
export class Pattern {
  /** What stands before the first wildcard, between them, and behind the last; one alone: there is no wildcard. */
  readonly texts: readonly string[];

  constructor(texts: readonly string[]) {
    this.texts = texts;
  }

  /**
   * Whether the whole text matches. Each piece is taken where it first fits, which is right since only wildcards stand around it:
   * never goes back. Comparing UTF-16 units is comparing scalar values, since both sides are well formed.
   */
  matches(text: string): boolean {
    const { texts } = this;
    const [first = ''] = texts;
    if (texts.length === 1) return text === first;

    const last = texts[texts.length - 1] ?? '';
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;

    let from = first.length;
    for (let index = 1; index < texts.length - 1; index += 1) {
      const piece = texts[index] ?? '';
      const at = text.indexOf(piece, from);
      if (at === -1 || at + piece.length > end) return false;
      from = at + piece.length;
    }

    return from <= end;
  }
}

/** Joins what stands between wildcards; a star within a literal is an ordinary star. */
export function createPattern(parts: readonly PatternPart[]): Pattern {
  const texts = [''];
  for (const part of parts) {
    if (part === 'Wildcard') texts.push('');
    else texts[texts.length - 1] += part.Literal;
  }

  return new Pattern(texts);
}
