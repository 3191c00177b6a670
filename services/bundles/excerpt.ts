import { type Excerpt, escapeControls } from './problem.ts';

/** Terminal columns of an excerpt, and how many of them stay before the caret when a long line is clipped. */
const WIDTH = 100;
const LEAD = 60;
const TAB = 4;

/**
 * Shows a line with carets under `length` UTF-16 units from `offset`. Tabs become spaces, control and bidirectional
 * characters are escaped, wide characters count two columns, combining ones none; a long line is clipped around the caret.
 */
export function excerptOf(line: string, offset: number, length: number): Excerpt {
  const window = clipAround(line, offset, length);
  const cells = cellsOf(window.text, window.offset, window.offset + window.length);

  const before = trimStart(cells.before);
  const after = trimEnd(cells.marked + cells.after, WIDTH - widthOf(before));
  const caretWidth = Math.max(1, Math.min(widthOf(cells.marked), widthOf(after)));

  return {
    line: before + after,
    caret: ' '.repeat(widthOf(before)) + '^'.repeat(caretWidth),
  };
}

/** Cuts a line of any length down before it is looked at character by character. */
function clipAround(
  line: string,
  offset: number,
  length: number,
): { text: string; offset: number; length: number } {
  const at = Math.min(offset, line.length);
  const from = Math.max(0, at - 4 * WIDTH);
  const text = line.slice(from, at + 4 * WIDTH);

  return { text, offset: at - from, length: Math.min(length, text.length - (at - from)) };
}

function cellsOf(
  text: string,
  start: number,
  end: number,
): { before: string; marked: string; after: string } {
  const parts = { before: '', marked: '', after: '' };
  let column = 0;
  let at = 0;

  for (const character of text) {
    const shown = character === '\t' ? ' '.repeat(TAB - (column % TAB)) : escapeControls(character);
    if (at < start) parts.before += shown;
    else if (at < end) parts.marked += shown;
    else parts.after += shown;
    column += widthOf(shown);
    at += character.length;
  }

  return parts;
}

function trimStart(text: string): string {
  const characters = [...text];
  let width = widthOf(text);
  if (width <= LEAD) return text;

  let drop = 0;
  for (; width > LEAD - 1; drop += 1) width -= widthOf(characters[drop] ?? '');

  return `…${characters.slice(drop).join('')}`;
}

function trimEnd(text: string, room: number): string {
  if (widthOf(text) <= room) return text;

  let kept = '';
  let width = 0;
  for (const character of text) {
    width += widthOf(character);
    if (width > room - 1) break;
    kept += character;
  }

  return `${kept}…`;
}

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);

  return width;
}

/** Columns of a character in a terminal, by Unicode's East Asian Width (UAX 11) in its coarse blocks. */
function characterWidth(character: string): number {
  if (/\p{Mn}|\p{Me}/u.test(character)) return 0;

  return /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u.test(
    character,
  )
    ? 2
    : 1;
}
