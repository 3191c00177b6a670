import { crc32 } from 'node:zlib';

/** One record as it lies in the spool: its text, and its encrypted input as JSON or null. */
export interface SpoolRecord {
  readonly text: string;
  readonly input: string | null;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const NO_INPUT = '-';
const CHECKSUM_DIGITS = 8;

/**
 * Writes a line: text, input, and the CRC-32 of both, parted by tabs.
 * JSON escapes tabs and line feeds within strings, so neither can stand inside a part.
 */
export function encodeLine(text: string, input: string | null): string {
  const body = `${text}\t${input ?? NO_INPUT}`;
  return `${body}\t${checksum(body)}\n`;
}

/** An upper bound of what {@link writeLine} writes: UTF-8 needs three bytes for one UTF-16 unit at most. */
export function lineBound(text: string, input: string | null): number {
  return 3 * (text.length + (input ?? NO_INPUT).length) + CHECKSUM_DIGITS + 3;
}

/**
 * Writes the same line into a buffer that has room for it.
 * @returns where the text ends, and where the line does.
 * @throws RangeError if it had none: what does not fit is cut off without a word.
 */
export function writeLine(
  buffer: Buffer,
  start: number,
  text: string,
  input: string | null,
): { readonly textEnd: number; readonly end: number } {
  const textEnd = start + buffer.write(text, start);
  buffer[textEnd] = TAB;
  const bodyEnd = textEnd + 1 + buffer.write(input ?? NO_INPUT, textEnd + 1);
  buffer[bodyEnd] = TAB;
  const end = bodyEnd + 1 + buffer.write(checksum(buffer.subarray(start, bodyEnd)), bodyEnd + 1);
  if (end >= buffer.length) throw new RangeError('a spool line is longer than its buffer');
  buffer[end] = LINE_FEED;

  return { textEnd, end: end + 1 };
}

/** Reads a line without its line feed; `undefined` if it is not what was once written. */
export function decodeLine(bytes: Buffer): SpoolRecord | undefined {
  const end = bytes.length - CHECKSUM_DIGITS - 1;
  const split = bytes.indexOf(TAB);
  if (split === -1 || split >= end || bytes[end] !== TAB) return undefined;

  const body = bytes.subarray(0, end);
  if (checksum(body) !== bytes.toString('latin1', end + 1)) return undefined;

  const input = body.toString('utf8', split + 1);
  return { text: body.toString('utf8', 0, split), input: input === NO_INPUT ? null : input };
}

function checksum(body: string | Buffer): string {
  return crc32(body).toString(16).padStart(CHECKSUM_DIGITS, '0');
}
