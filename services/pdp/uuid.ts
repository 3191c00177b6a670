import { randomFillSync } from 'node:crypto';

const RANDOM = new Uint8Array(16 * 256);
let used = RANDOM.length;

/**
 * A UUIDv7 (RFC 9562 section 5.7): 48 bits of time in milliseconds, the rest random.
 * @param now milliseconds since the epoch.
 */
export function uuidv7(now: number): string {
  if (used === RANDOM.length) {
    randomFillSync(RANDOM);
    used = 0;
  }
  const bytes = Buffer.from(RANDOM.subarray(used, used + 16));
  used += 16;

  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');

  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
