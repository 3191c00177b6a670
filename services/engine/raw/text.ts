import { type ExceededLimit, PdpError } from '../error.ts';
import { LIMITS } from '../limits.ts';

const REPLACEMENT = '\u{fffd}';

/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
export const MAX_UNIT_BYTES = 3;

/**
 * Whether a text is one that Cedar has a value for, and that nobody has damaged: no lone surrogate, which Unicode scalar
 * values cannot express, and no U+FFFD, which stands where a lenient decoder met bytes that are not UTF-8.
 */
export function isSound(text: string): boolean {
  return text.isWellFormed() && !text.includes(REPLACEMENT);
}

/**
 * Checks a string that came from outside.
 * @param field its place, made only for an error.
 * @throws PdpError `invalid_request` for an ill-formed text, `too_large` over `string_bytes`.
 */
export function checkText(text: string, field: () => string, maxBytes: number = LIMITS.string_bytes): void {
  if (!isSound(text))
    throw new PdpError('invalid_request', 'holds a lone surrogate or U+FFFD', { field: field() });
  checkLength(text, field, maxBytes);
}

/** The same of a text that is known to be sound. @throws PdpError `too_large`. */
export function checkLength(text: string, field: () => string, maxBytes: number = LIMITS.string_bytes): void {
  if (text.length * MAX_UNIT_BYTES <= maxBytes || Buffer.byteLength(text) <= maxBytes) return;

  throw overLimit({ name: 'string_bytes', max: maxBytes }, field());
}

/** For limits that a caller of the engine may set; those of `limits.ts` have `exceedsLimit`. */
export function overLimit(limit: ExceededLimit, field: string): PdpError {
  return new PdpError('too_large', `${field || 'the input'} is over the limit ${limit.name} (${limit.max})`, {
    field,
    limit,
  });
}
