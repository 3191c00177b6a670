/** A text that is looked for in others. */
export interface Needle {
  readonly text: string;
  /** @returns where it first stands in a text, from a place on; -1: nowhere. In time linear in that text. */
  indexIn(text: string, from: number): number;
}

/**
 * V8 keeps for the last 250 units of what `indexOf` looks for how far to go on after they fitted (`kBMMaxShift`, `string-search.h`). Where
 * more fitted it goes on by one unit and compares all again: a piece of 32 KiB in a text of 64 KiB took 0.3 s.
 */
const LONGEST_FOR_INDEX_OF = 250;

export function createNeedle(text: string): Needle {
  if (text.length <= LONGEST_FOR_INDEX_OF)
    return { text, indexIn: (within, from) => within.indexOf(text, from) };

  const borders = bordersOf(text);

  return { text, indexIn: (within, from) => search(within, from, text, borders) };
}

/** Knuth, Morris and Pratt: never looks at a unit of the text before the one that it is at. */
function search(within: string, from: number, text: string, borders: Uint32Array): number {
  let fitting = 0;
  for (let at = from; at < within.length; at += 1) {
    const unit = within.charCodeAt(at);
    while (fitting > 0 && text.charCodeAt(fitting) !== unit) fitting = borders[fitting - 1] ?? 0;
    if (text.charCodeAt(fitting) === unit) fitting += 1;
    if (fitting === text.length) return at - fitting + 1;
  }

  return -1;
}

/** Of each start of a text the length of the longest shorter start that it ends in. */
function bordersOf(text: string): Uint32Array {
  const borders = new Uint32Array(text.length);
  let fitting = 0;
  for (let at = 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    while (fitting > 0 && text.charCodeAt(fitting) !== unit) fitting = borders[fitting - 1] ?? 0;
    if (text.charCodeAt(fitting) === unit) fitting += 1;
    borders[at] = fitting;
  }

  return borders;
}
