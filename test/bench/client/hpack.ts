/** Entries of HPACK's static table that requests use: RFC 7541, appendix A. */
const STATIC_NAMES: Readonly<Record<string, number>> = {
  ':authority': 1,
  ':path': 4,
  authorization: 23,
  'content-type': 31,
};
const METHOD_POST = 3;
const SCHEME_HTTP = 6;
const STATIC_ENTRIES = 61;

const INDEXED = 0x80;
const LITERAL_WITH_INDEXING = 0x40;

/** The header blocks of requests that all have the same fields. */
export interface RequestBlocks {
  /** Of the first request on a connection: it puts every field into the server's table. */
  readonly first: Buffer;
  /** Of every further one: references alone. */
  readonly further: Buffer;
}

/** Encodes the fields of a POST over plain HTTP: RFC 7541, sections 6.1 and 6.2.1, without Huffman coding. */
export function encodePost(fields: Readonly<Record<string, string>>): RequestBlocks {
  const pseudo = [indexed(METHOD_POST), indexed(SCHEME_HTTP)];
  const entries = Object.entries(fields);
  // The entry that was added last has the lowest index.
  const references = entries.map((_, index) => indexed(STATIC_ENTRIES + entries.length - index));

  return {
    first: Buffer.concat([...pseudo, ...entries.map(([name, value]) => literal(name, value))]),
    further: Buffer.concat([...pseudo, ...references]),
  };
}

/** How HPACK writes `grpc-status: 0` into a table of no size: the name by Huffman coding, the value as it is. */
export const GRPC_STATUS_OK = Buffer.from('889acac8b21234da8f0130', 'hex');

function literal(name: string, value: string): Buffer {
  const known = STATIC_NAMES[name] ?? 0;
  const nameBytes = known === 0 ? [text(name)] : [];

  return Buffer.concat([integer(known, 6, LITERAL_WITH_INDEXING), ...nameBytes, text(value)]);
}

function indexed(index: number): Buffer {
  return integer(index, 7, INDEXED);
}

function text(value: string): Buffer {
  return Buffer.concat([integer(Buffer.byteLength(value), 7, 0), Buffer.from(value)]);
}

/** RFC 7541, section 5.1. */
function integer(value: number, prefixBits: number, flags: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([flags | value]);

  const bytes = [flags | most];
  let rest = value - most;
  for (; rest >= 0x80; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);

  return Buffer.from([...bytes, rest]);
}
