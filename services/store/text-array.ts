/** The type `text` in `pg_type`, the same in every database. */
const TEXT_OID = 25;

/** Dimensions, whether one of the items is null, the items' type; then of the one dimension its length and lower bound. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;

/**
 * A parameter of type `text[]` in the binary form that `array_recv` reads (src/backend/utils/adt/arrayfuncs.c), which the driver passes
 * on as it is. It would write each item of an array as an escaped literal, for Postgres to take apart again.
 * @param items in UTF-8 no more than 1 GiB together; half a surrogate pair becomes U+FFFD, and Postgres refuses a NUL.
 */
export function textArray(items: readonly (string | null)[]): Buffer {
  const bytes = items.reduce((sum, item) => sum + LENGTH_BYTES + Buffer.byteLength(item ?? ''), HEADER_BYTES);
  const array = Buffer.allocUnsafe(bytes);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(items.includes(null) ? 1 : 0, 4);
  array.writeInt32BE(TEXT_OID, 8);
  array.writeInt32BE(items.length, 12);
  array.writeInt32BE(1, 16);

  let at = HEADER_BYTES;
  for (const item of items) {
    const start = at + LENGTH_BYTES;
    const length = item === null ? NULL_LENGTH : array.write(item, start);
    array.writeInt32BE(length, at);
    at = start + Math.max(0, length);
  }

  return array;
}
