/** A flag and a length stand before each message: "gRPC over HTTP2", section "Length-Prefixed-Message". */
const PREFIX_BYTES = 5;

export function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(PREFIX_BYTES + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, PREFIX_BYTES);

  return bytes;
}

/** Gives a function that cuts a stream's bytes into messages; none is compressed, as the client offers nothing. */
export function messageReader(onMessage: (message: Buffer) => void): (chunk: Buffer) => void {
  let left: Buffer = Buffer.alloc(0);

  return (chunk) => {
    const bytes = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    let at = 0;
    while (bytes.length - at >= PREFIX_BYTES) {
      const start = at + PREFIX_BYTES;
      const end = start + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      onMessage(bytes.subarray(start, end));
      at = end;
    }
    left = bytes.subarray(at);
  };
}
