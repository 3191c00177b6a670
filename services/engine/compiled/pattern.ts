import { createNeedle, type Needle } from './needle.ts';
import type { PatternPart } from './shape.ts';

/** The pattern of a `like`: texts with wildcards between them. */
export class Pattern {
  /** What stands before the first wildcard, or all of it where there is none. */
  readonly first: string;
  /** What stands between wildcards, if there are two or more. */
  readonly between: readonly Needle[] | undefined;
  /** What stands behind the last wildcard; `undefined`: there is none. */
  readonly last: string | undefined;

  /** @param texts what stands before the first wildcard, between them, and behind the last. */
  constructor(texts: readonly string[]) {
    this.first = texts[0] ?? '';
    this.between = texts.length > 2 ? texts.slice(1, -1).map(createNeedle) : undefined;
    this.last = texts.length > 1 ? texts[texts.length - 1] : undefined;
  }

  /** Equal for patterns that match the same, made of the same pieces. */
  get key(): string {
    return JSON.stringify([this.first, this.between?.map(({ text }) => text), this.last]);
  }

  /**
   * Whether the whole text matches. Each piece is taken where it first fits, which is right since only wildcards stand around it:
   * never goes back. Comparing UTF-16 units is comparing scalar values, since both sides are well formed.
   */
  matches(text: string): boolean {
    const { first, between, last } = this;
    if (last === undefined) return text === first;

    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;

    if (between === undefined) return true;

    let from = first.length;
    for (const piece of between) {
      const at = piece.indexIn(text, from);
      if (at === -1 || at + piece.text.length > end) return false;
      from = at + piece.text.length;
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
