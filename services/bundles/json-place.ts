import type { PdpError } from '../engine/error.ts';
import type { Problems } from './problems.ts';
import type { Source, Span } from './source.ts';

/** Reports what a reader of JSON refused, at the place that its message or its field points to. */
export function reportJson(
  source: Source,
  error: PdpError,
  code: 'json_syntax' | 'link_invalid' | 'entity_invalid' | 'test_invalid',
  problems: Problems,
): void {
  const malformed = /^not JSON at character (\d+): /.exec(error.message);
  if (malformed !== null) {
    const start = Number(malformed[1]);
    problems.at(source, { start, end: start + 1 }, 'json_syntax', error.message.slice(malformed[0].length));
    return;
  }

  const field = error.field ?? '';
  const message =
    field === '' || error.message.includes(field) ? error.message : `${field}: ${error.message}`;
  problems.at(source, placeOf(source, field), code, message);
}

/**
 * Where the value of a field such as `[3].attrs.level` stands in a JSON text; the nearest value around it where the field is
 * missing or the text breaks off. The elements of a list at the top are found once, whatever is asked about them.
 */
export function placeOf(source: Source, field: string): Span {
  const { text } = source;
  const steps = stepsOf(field);
  const element = typeof steps[0] === 'number' ? elementsOf(source)[steps[0]] : undefined;
  let start = element ?? skipSpace(text, 0);

  for (const step of element === undefined ? steps : steps.slice(1)) {
    const next = enter(text, start, step);
    if (next === undefined) break;
    start = next;
  }

  return { start, end: firstLineOf(text, start, skipValue(text, start)) };
}

/** The steps of a field in the words of the readers of JSON. */
export function stepsOf(field: string): readonly (string | number)[] {
  const steps: (string | number)[] = [];
  for (const [, name, index, quoted] of field.matchAll(
    /\.?([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g,
  )) {
    if (name !== undefined) steps.push(name);
    else if (index !== undefined) steps.push(Number(index));
    else if (quoted !== undefined) steps.push(String(JSON.parse(quoted)));
  }

  return steps;
}

const elements = new WeakMap<Source, readonly number[]>();

/** Offsets of the elements of the list that the text is. */
function elementsOf(source: Source): readonly number[] {
  const known = elements.get(source);
  if (known !== undefined) return known;

  const { text } = source;
  const starts: number[] = [];
  let at = skipSpace(text, 0);
  let more = text.charAt(at) === '[';
  while (more) {
    at = skipSpace(text, at + 1);
    starts.push(at);
    at = skipSpace(text, skipValue(text, at));
    more = text.charAt(at) === ',';
  }
  elements.set(source, starts);

  return starts;
}

/** Offset of the member or element `step` of the container at `start`. */
function enter(text: string, start: number, step: string | number): number | undefined {
  const open = typeof step === 'number' ? '[' : '{';
  if (text.charAt(start) !== open) return undefined;

  let at = skipSpace(text, start + 1);
  for (let index = 0; at < text.length && !']}'.includes(text.charAt(at)); index += 1) {
    let name: string | number = index;
    if (open === '{') {
      const end = skipString(text, at);
      name = nameIn(text.slice(at, end));
      at = skipSpace(text, end);
      at = skipSpace(text, at + 1);
    }
    if (name === step) return at;

    at = skipSpace(text, skipValue(text, at));
    if (text.charAt(at) !== ',') return undefined;
    at = skipSpace(text, at + 1);
  }

  return undefined;
}

function nameIn(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return '';
  }
}

function skipValue(text: string, start: number): number {
  let depth = 0;
  let at = start;

  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') at = skipString(text, at);
    else {
      if ('[{'.includes(character)) depth += 1;
      else if (']}'.includes(character)) depth -= 1;
      else if (depth === 0) return skipWord(text, at);
      at += 1;
    }
    if (depth <= 0) return at;
  }

  return at;
}

function skipString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += text.charAt(at) === '\\' ? 2 : 1) {
    if (text.charAt(at) === '"') return at + 1;
  }

  return text.length;
}

function skipWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !',]} \t\r\n'.includes(text.charAt(at))) at += 1;

  return at;
}

function skipSpace(text: string, start: number): number {
  // Whoever goes on behind a character that is missing would be outside.
  let at = Math.min(start, text.length);
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += 1;

  return at;
}

function firstLineOf(text: string, start: number, end: number): number {
  const lineEnd = text.indexOf('\n', start);

  return lineEnd === -1 ? end : Math.max(start, Math.min(end, lineEnd));
}
