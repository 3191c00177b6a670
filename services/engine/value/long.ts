/** Cedar's Long is a signed integer of 64 bits, all of it usable. */
export const LONG_MIN = -(2n ** 63n);
export const LONG_MAX = 2n ** 63n - 1n;

export function isLong(value: bigint): boolean {
  return value >= LONG_MIN && value <= LONG_MAX;
}

/** The value, or `undefined` where it does not fit a Long. */
export function asLong(value: bigint): bigint | undefined {
  return isLong(value) ? value : undefined;
}

/**
 * ASCII digits as a number, or `undefined` where they leave a Long. Linear: only as many significant digits as a Long can
 * have are ever converted, however many zeros stand before them.
 */
export function digitsToLong(digits: string): bigint | undefined {
  let start = 0;
  while (start < digits.length - 1 && digits.charCodeAt(start) === ZERO) start += 1;
  if (digits.length - start > MAX_DIGITS) return undefined;

  return BigInt(digits.slice(start));
}

const ZERO = 0x30;
/** One more than 9223372036854775807 needs, so that a sign may still be applied to 2^63. */
const MAX_DIGITS = 19;
