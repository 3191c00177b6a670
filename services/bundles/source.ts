import { excerptOf } from './excerpt.ts';
import type { LintName } from './lint/names.ts';
import type { Position, Problem, ProblemCode } from './problem.ts';

/** The text of one bundle file, with where its lines begin. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** UTF-16 offset of the first character of each line. */
  readonly lineStarts: readonly number[];
  /** The last place that was asked for: places of one long line are mostly asked for in order. */
  readonly last: { offset: number; position: Position };
}

/** A part of a source, in UTF-16 offsets; `end` is the offset behind it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface ProblemOptions {
  readonly severity?: 'error' | 'warning';
  readonly help?: string | undefined;
  readonly policyId?: string | undefined;
  readonly lint?: LintName | undefined;
}

/** Decodes a file as strict UTF-8 without a byte order mark; `undefined` where it is something else. */
export function decodeSource(path: string, bytes: Uint8Array): Source | undefined {
  const text = decodeUtf8(bytes);
  if (text === undefined || text.startsWith('\u{feff}')) return undefined;

  return createSource(path, text);
}

export function createSource(path: string, text: string): Source {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);

  return { path, text, lineStarts, last: { offset: 0, position: { line: 1, column: 1 } } };
}

/** A problem at a part of a file, or about the file as a whole where there is no such part. */
export function problemAt(
  source: Source,
  span: Span | undefined,
  code: ProblemCode,
  message: string,
  options: ProblemOptions = {},
): Problem {
  const { severity = 'error', help, policyId, lint } = options;
  const base = {
    severity,
    code,
    file: source.path,
    message,
    ...(help === undefined ? {} : { help }),
    ...(policyId === undefined ? {} : { policy_id: policyId }),
    ...(lint === undefined ? {} : { lint }),
  };
  if (span === undefined) return base;

  const start = clamp(span.start, 0, source.text.length);
  const end = clamp(span.end, start, source.text.length);

  return {
    ...base,
    start: positionAt(source, start),
    end: positionAt(source, end),
    excerpt: excerptOf(lineAround(source, start), start - lineStart(source, start), end - start),
  };
}

/** A problem about a file that could not be read as text, or about the bundle as a whole. */
export function problemOf(
  file: string,
  code: ProblemCode,
  message: string,
  options: ProblemOptions = {},
): Problem {
  return problemAt(createSource(file, ''), undefined, code, message, options);
}

export function positionAt(source: Source, anywhere: number): Position {
  const { last, text } = source;
  // In the middle of a pair of surrogates, the character is the one that begins before.
  const offset = anywhere > 0 && (text.codePointAt(anywhere - 1) ?? 0) > 0xffff ? anywhere - 1 : anywhere;
  const index = lineIndex(source, offset);
  const start = source.lineStarts[index] ?? 0;
  const onward = last.offset >= start && last.offset <= offset;
  const column = onward
    ? last.position.column + countCharacters(text, last.offset, offset)
    : countCharacters(text, start, offset) + 1;
  const position = { line: index + 1, column };
  Object.assign(last, { offset, position });

  return position;
}

/**
 * Cedar counts in UTF-8 bytes. Gives the UTF-16 offset in `text` of byte `byteOffset`; a byte inside a character counts
 * as the character's beginning, one behind the text as its end.
 */
export function offsetOfByte(text: string, byteOffset: number): number {
  let bytes = 0;
  let offset = 0;

  while (offset < text.length) {
    const point = text.codePointAt(offset) ?? 0;
    bytes += utf8Length(point);
    if (bytes > byteOffset) return offset;
    offset += point > 0xffff ? 2 : 1;
  }

  return text.length;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function lineIndex(source: Source, offset: number): number {
  let low = 0;
  let high = source.lineStarts.length - 1;

  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }

  return low;
}

function lineStart(source: Source, offset: number): number {
  return source.lineStarts[lineIndex(source, offset)] ?? 0;
}

function lineAround(source: Source, offset: number): string {
  const index = lineIndex(source, offset);
  const start = source.lineStarts[index] ?? 0;
  const next = source.lineStarts[index + 1];
  const line = source.text.slice(start, next === undefined ? undefined : next - 1);

  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function countCharacters(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; count += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;

  return count;
}

function utf8Length(point: number): number {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;

  return point < 0x10000 ? 3 : 4;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
