/** Bytes of one slab; what is written later goes into another, so that nothing written is ever moved. */
const SLAB_BYTES = 64 * 1024;
/** UTF-8 needs at most so many bytes for one UTF-16 unit. */
const MAX_UNIT_BYTES = 3;
/** Up to so many units, a loop is about as fast as the call into Node that writes any text; and a length takes one byte. */
const SHORT_UNITS = 100;
/** The same for bytes. */
const SHORT_BYTES = 64;
/** Lengths that are not known yet get varints of this size, whatever they turn out to be: up to 256 MiB. */
const LENGTH_BYTES = 4;
const MAX_LENGTH = 2 ** 28 - 1;
/** Bytes that a field takes beside its text at most. */
const FIXED_BYTES = 20;

const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A finished message: its bytes lie between two positions of a slab that others share. */
export interface Written {
  readonly slab: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Whether a text is short, and as many bytes as it has units, so that lengths are known before it is written. */
export function isShortAscii(value: string): boolean {
  if (value.length > SHORT_UNITS) return false;
  for (let index = 0; index < value.length; index += 1) {
    if (value.charCodeAt(index) > 0x7f) return false;
  }

  return true;
}

/** A field with a text, for what is written often and is always the same. */
export function textField(field: number, value: string): Uint8Array {
  const writer = new ProtobufWriter(FIXED_BYTES + MAX_UNIT_BYTES * value.length);
  writer.text(field, value);
  const { slab, start, end } = writer.take();

  return new Uint8Array(slab.subarray(start, end));
}

/** Writes protobuf's wire format for messages that are made in great number and kept for a while: without an object for each. */
export class ProtobufWriter {
  #slab: Buffer;
  #start = 0;
  #at = 0;

  /** @param bytes of the first slab. */
  constructor(bytes = SLAB_BYTES) {
    this.#slab = Buffer.allocUnsafeSlow(bytes);
  }

  /** Ends the message that was written since the last call. */
  take(): Written {
    const written = { slab: this.#slab, start: this.#start, end: this.#at };
    this.#start = this.#at;

    return written;
  }

  /** Gives up what was written since the last {@link take}. */
  drop(): void {
    this.#at = this.#start;
  }

  varint(field: number, value: number): void {
    this.#reserve(FIXED_BYTES);
    this.#tag(field, WIRE.varint);
    this.#varint(value);
  }

  uint64(field: number, value: bigint): void {
    this.#reserve(FIXED_BYTES);
    this.#tag(field, WIRE.varint);
    this.#bigVarint(value);
  }

  /** @param value an integer that a double holds exactly, negative ones as two's complement of 64 bits. */
  int64(field: number, value: number): void {
    this.#reserve(FIXED_BYTES);
    this.#tag(field, WIRE.varint);
    if (value >= 0 && value <= 0x7fff_ffff) this.#varint(value);
    else this.#bigVarint(BigInt.asUintN(64, BigInt(value)));
  }

  fixed32(field: number, value: number): void {
    this.#reserve(FIXED_BYTES);
    this.#tag(field, WIRE.fixed32);
    this.#at = this.#slab.writeUInt32LE(value, this.#at);
  }

  /** A time, as OTLP has it: nanoseconds since the epoch. @param ms milliseconds since the epoch, with a fraction. */
  time(field: number, ms: number): void {
    const whole = Math.trunc(ms);
    const nanoseconds = BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000));
    this.#reserve(FIXED_BYTES);
    this.#tag(field, WIRE.fixed64);
    this.#at = this.#slab.writeBigUInt64LE(nanoseconds, this.#at);
  }

  /** Bytes. @param digits two for each byte. */
  hex(field: number, digits: string): void {
    this.#reserve(FIXED_BYTES + digits.length);
    this.#tag(field, WIRE.bytes);
    this.#varint(digits.length / 2);
    this.#at += this.#slab.write(digits, this.#at, 'hex');
  }

  text(field: number, value: string): void {
    this.#reserve(FIXED_BYTES + MAX_UNIT_BYTES * value.length);
    this.#tag(field, WIRE.bytes);
    if (isShortAscii(value)) {
      this.#shortAscii(value);
      return;
    }

    const opened = this.#openLength();
    this.#at += this.#slab.write(value, this.#at);
    this.closeShort(opened - this.#start);
  }

  /** Bytes that were written once, with their tags. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    if (bytes.length > SHORT_BYTES) this.#slab.set(bytes, this.#at);
    else
      for (let index = 0; index < bytes.length; index += 1) this.#slab[this.#at + index] = bytes[index] ?? 0;
    this.#at += bytes.length;
  }

  /** The same, a character for each byte. */
  latin1(bytes: string): void {
    this.#reserve(bytes.length);
    this.#at += this.#slab.write(bytes, this.#at, 'latin1');
  }

  /** Begins a message whose length is known; it needs no end. @param length bytes. */
  sized(field: number, length: number): void {
    this.#reserve(FIXED_BYTES);
    this.#tag(field, WIRE.bytes);
    this.#varint(length);
  }

  /** Begins a message within this one. @returns what `close` needs. */
  open(field: number): number {
    this.#reserve(FIXED_BYTES);
    this.#tag(field, WIRE.bytes);

    // Relative, because the message moves when it outgrows its slab.
    return this.#openLength() - this.#start;
  }

  close(opened: number): void {
    this.#closeLength(opened + this.#start);
  }

  /** The same, with a length of no more bytes than it needs; the message moves up for it. */
  closeShort(opened: number): void {
    const at = opened + this.#start;
    const begin = at + LENGTH_BYTES;
    const end = this.#at;
    this.#at = at;
    if (end - begin > MAX_LENGTH) throw new RangeError('a message is over 256 MiB');
    this.#varint(end - begin);
    this.#slab.copyWithin(this.#at, begin, end);
    this.#at += end - begin;
  }

  #shortAscii(value: string): void {
    const slab = this.#slab;
    let at = this.#at;
    slab[at++] = value.length;
    for (let index = 0; index < value.length; index += 1) slab[at++] = value.charCodeAt(index);
    this.#at = at;
  }

  #tag(field: number, wire: number): void {
    this.#varint((field << 3) | wire);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#slab[this.#at++] = (rest & 0x7f) | 0x80;
    this.#slab[this.#at++] = rest;
  }

  #bigVarint(value: bigint): void {
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) this.#slab[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#slab[this.#at++] = Number(rest);
  }

  #openLength(): number {
    const at = this.#at;
    this.#at += LENGTH_BYTES;

    return at;
  }

  #closeLength(at: number): void {
    const length = this.#at - at - LENGTH_BYTES;
    if (length > MAX_LENGTH) throw new RangeError('a message is over 256 MiB');
    this.#slab[at] = (length & 0x7f) | 0x80;
    this.#slab[at + 1] = ((length >>> 7) & 0x7f) | 0x80;
    this.#slab[at + 2] = ((length >>> 14) & 0x7f) | 0x80;
    this.#slab[at + 3] = length >>> 21;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#slab.length) return;

    const begun = this.#slab.subarray(this.#start, this.#at);
    const slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, 2 * (begun.length + bytes)));
    begun.copy(slab);
    this.#slab = slab;
    this.#at = begun.length;
    this.#start = 0;
  }
}
