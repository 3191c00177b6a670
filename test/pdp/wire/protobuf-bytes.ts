/** Writes protobuf by hand, so that a test can send what no encoder would. */

export function varint(value: bigint | number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);

  return Buffer.from(bytes);
}

export function lengthDelimited(number: number, payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload);

  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

export function number(field: number, value: bigint | number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

export function uid(type = 'T', id = 'i'): Buffer {
  return Buffer.concat([lengthDelimited(1, type), lengthDelimited(2, id)]);
}

/** Principal, action and resource, and then what the test adds. */
export function requestBytes(...more: Buffer[]): Buffer {
  return Buffer.concat([
    lengthDelimited(1, uid()),
    lengthDelimited(2, uid()),
    lengthDelimited(3, uid()),
    ...more,
  ]);
}

/** A `Record` with one field. */
export function recordBytes(name: string, value: Buffer): Buffer {
  return lengthDelimited(1, Buffer.concat([lengthDelimited(1, name), lengthDelimited(2, value)]));
}

/** A `Value` of this many sets inside each other; linear, however deep. */
export function nestedSets(depth: number): Buffer {
  const headers: Buffer[] = [header(6, 0)];
  let length = headers[0]?.length ?? 0;
  for (let level = 1; level < depth; level += 1) {
    const element = header(1, length);
    const set = header(6, length + element.length);
    headers.push(element, set);
    length += element.length + set.length;
  }

  return Buffer.concat(headers.reverse());
}

function header(number: number, length: number): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(length)]);
}
