/** Types, flags and settings of HTTP/2 that the client meets: RFC 9113, sections 6 and 6.5.2. */
export const FRAME = {
  data: 0,
  headers: 1,
  rst_stream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window_update: 8,
} as const;
export const FLAG = { ack: 1, end_stream: 1, end_headers: 4, padded: 8 } as const;
export const SETTING = { header_table_size: 1, enable_push: 2, initial_window_size: 4 } as const;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** The window of a stream and of a connection before anyone changes it, in bytes: section 6.9.2. */
export const DEFAULT_WINDOW = 65_535;
export const LARGEST_WINDOW = 2 ** 31 - 1;
/** What a peer takes in one frame before it says otherwise: section 6.5.2. */
export const FRAME_BYTES = 16_384;

const HEADER_BYTES = 9;
/** Stream ids and window increments leave the first bit to the future. */
export const LOW_31_BITS = 0x7fff_ffff;

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, HEADER_BYTES);

  return bytes;
}

export function settings(values: readonly (readonly [setting: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * values.length);
  for (const [index, [setting, value]] of values.entries()) {
    payload.writeUInt16BE(setting, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  }

  return frame(FRAME.settings, 0, 0, payload);
}

export function windowUpdate(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);

  return frame(FRAME.window_update, 0, stream, payload);
}

/** Takes one frame. */
export type OnFrame = (type: number, flags: number, stream: number, payload: Buffer) => void;

/** Gives a function that cuts a connection's bytes, in whatever pieces they come, into frames. */
export function frameReader(onFrame: OnFrame): (chunk: Buffer) => void {
  let left: Buffer = Buffer.alloc(0);

  return (chunk) => {
    const bytes = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const start = at + HEADER_BYTES;
      const end = start + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5) & LOW_31_BITS;
      onFrame(bytes.readUInt8(at + 3), bytes.readUInt8(at + 4), stream, bytes.subarray(start, end));
      at = end;
    }
    left = bytes.subarray(at);
  };
}
