import { PdpError } from '../../../engine/error.ts';
import { exceedsLimit, LIMITS } from '../../../engine/limits.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);

// RFC 8259 lets space stand around every structural character.
const HEAD = /^[ \t\n\r]*\{[ \t\n\r]*"requests"[ \t\n\r]*:[ \t\n\r]*\[/;
const TAIL = /^\][ \t\n\r]*\}[ \t\n\r]*$/;
const HEAD_BYTES = 1024;

/**
 * Cuts the text `{"requests":[…]}` into its elements without reading them, so that one bad request spoils only itself and
 * each has its own limit, as over gRPC. Linear; commas and brackets are ASCII, so no character is ever cut.
 * @throws PdpError `invalid_request` where the text around the elements is anything else; `too_large` over `batch_items`.
 */
export function batchTexts(bytes: Buffer): Buffer[] {
  const head = HEAD.exec(bytes.toString('latin1', 0, HEAD_BYTES));
  if (head === null) throw malformed('the body must be an object with the one field requests, a list');

  const start = skipSpace(bytes, head[0].length);
  if (bytes[start] === CLOSE_BRACKET) return finish(bytes, start, []);

  return cut(bytes, start);
}

function cut(bytes: Buffer, start: number): Buffer[] {
  const items: Buffer[] = [];
  let from = start;
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (depth > 0 && (byte === CLOSE_BRACE || byte === CLOSE_BRACKET)) depth -= 1;
    else if (depth === 0 && (byte === COMMA || byte === CLOSE_BRACKET)) {
      if (items.length >= LIMITS.batch_items) throw exceedsLimit('batch_items', 'requests');
      items.push(bytes.subarray(from, at));
      if (byte === CLOSE_BRACKET) return finish(bytes, at, items);
      from = at + 1;
    }
  }

  throw malformed('the body ends within requests');
}

/** The position of the closing quote, or the end of the text where there is none. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;

  return at;
}

function finish(bytes: Buffer, end: number, items: Buffer[]): Buffer[] {
  const rest = bytes.toString('latin1', end);
  if (!TAIL.test(rest)) throw malformed('the body holds more than the one field requests');

  return items;
}

function skipSpace(bytes: Buffer, start: number): number {
  let at = start;
  while (SPACE.has(bytes[at])) at += 1;

  return at;
}

function malformed(message: string): PdpError {
  return new PdpError('invalid_request', message, { field: 'requests' });
}
