/** Cedar's Long is a signed integer of 64 bits, all of it usable. */
export const LONG_MIN = -(2n ** 63n);
export const LONG_MAX = 2n ** 63n - 1n;

/** Digits of the largest Long, and of 2^63, which a minus may still turn into one. */
const LONG_DIGITS = 19;

const ZERO = 0x30;

export function isLong(value: bigint): boolean {
  return value >= LONG_MIN && value <= LONG_MAX;
}

/** The value, or `undefined` where it does not fit a Long. */
export function asLong(value: bigint): bigint | undefined {
  return isLong(value) ? value : undefined;
}

/**
 * The number that ASCII digits stand for, or `undefined` where there are too many of them for any Long. Linear: leading zeros are
 * skipped, and no more digits than a Long can have are ever converted.
 */
export function readDigits(digits: string): bigint | undefined {
  let start = 0;
  while (start < digits.length - 1 && digits.charCodeAt(start) === ZERO) start += 1;
  if (digits.length - start > LONG_DIGITS) return undefined;

  return BigInt(digits.slice(start));
}

/** Longs that data is full of are made once: making one takes as long as reading a short text. */
const SMALL = Array.from({ length: 1_024 }, (_, value) => BigInt(value));

/** @param value an integer that a double holds exactly. */
export function longOf(value: number): bigint {
  return (value >= 0 && value < SMALL.length ? SMALL[value] : undefined) ?? BigInt(value);
}
