import { isUtf8 } from 'node:buffer';
import { PdpError } from '../../../engine/error.ts';
import { FieldPath } from '../../../engine/raw/field-path.ts';

/** The wire types that requests of the contract use: protobuf encoding guide, "Message structure". */
export const WIRE_TYPE = { varint: 0, length_delimited: 2 } as const;

const CONTINUES = 0x80;
const SEVEN_BITS = 0x7f;
const REPLACEMENT_CHARACTER = '\uFFFD';

/** Reads protobuf's wire format from bytes that nobody has checked; it never reads past `end`. */
export class WireReader {
  readonly bytes: Buffer;
  position = 0;
  /** Where it reads; the decoder keeps it. */
  readonly path = new FieldPath('');

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** @throws PdpError `invalid_request` at the current path. */
  fail(text: string): never {
    throw new PdpError('invalid_request', text, { field: this.path.text() });
  }

  /** Reads a varint of at most 32 bits: a tag, a length, a bool, an enum. */
  uint32(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte(end);
      if (shift === 28 && byte > 0x0f) break;

      value += (byte & SEVEN_BITS) * 2 ** shift;
      if (byte < CONTINUES) return value;
    }

    return this.fail('number is over 32 bits');
  }

  uint64(end: number): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte(end);
      if (shift === 63n && byte > 1) break;

      value |= BigInt(byte & SEVEN_BITS) << shift;
      if (byte < CONTINUES) return value;
    }

    return this.fail('number is over 64 bits');
  }

  /** Reads a ZigZag number of 64 bits. */
  sint64(end: number): bigint {
    const value = this.uint64(end);

    return (value >> 1n) ^ -(value & 1n);
  }

  /** Reads a length and returns where that many bytes end. */
  span(end: number): number {
    const length = this.uint32(end);
    if (length > end - this.position) this.fail('message is cut short');

    return this.position + length;
  }

  /**
   * Reads text up to `end`. The stock decoder puts U+FFFD where bytes are not UTF-8, so that two inputs become one
   * text; here both the bad bytes and the character itself are refused.
   */
  text(end: number): string {
    const start = this.position;
    const text = this.bytes.toString('utf8', start, end);
    this.position = end;
    if (!text.includes(REPLACEMENT_CHARACTER)) return text;

    return this.fail(
      isUtf8(this.bytes.subarray(start, end)) ? 'string holds U+FFFD' : 'string is not valid UTF-8',
    );
  }

  #byte(end: number): number {
    const byte = this.position < end ? this.bytes[this.position] : undefined;
    if (byte === undefined) return this.fail('message is cut short');

    this.position += 1;
    return byte;
  }
}
