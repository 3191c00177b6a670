import { exceedsLimit, LIMITS, type LimitName } from '../../../engine/limits.ts';
import { WIRE_TYPE, WireReader } from './reader.ts';
import type { FieldSchema, MessageSchema } from './schema.ts';

type Decoded = Record<string, unknown>;

/**
 * Decodes one message strictly, into the shape that `generated/` describes: absent strings are empty, absent messages
 * null, absent lists empty, 64-bit numbers decimal text, enum values names; a oneof's name holds its member's name.
 *
 * It is our own because the stock decoder picks one meaning where the bytes have two: the last of a field that comes
 * twice, U+FFFD for bytes that are not UTF-8, the known fields of a message with unknown ones. Each such message is
 * refused here. Linear in the input; no deeper than `json_depth` containers, whatever the input.
 * @throws PdpError `invalid_request` and `too_large`, with the path at fault.
 */
export function decodeMessage(schema: MessageSchema, bytes: Buffer): Decoded {
  return readMessage(new WireReader(bytes), schema, bytes.length, 0);
}

function readMessage(reader: WireReader, schema: MessageSchema, end: number, outerDepth: number): Decoded {
  const depth = outerDepth + (schema.container ? 1 : 0);
  if (depth > LIMITS.json_depth) throw exceedsLimit('json_depth', reader.path.text());

  const decoded = absent(schema);
  // One bit for each field number; those of the contract are all under 31.
  let seen = 0;
  while (reader.position < end) {
    const tag = reader.uint32(end);
    const field = schema.fields.get(tag >>> 3);
    if (field === undefined) return reader.fail(`unknown field number ${tag >>> 3}`);

    reader.path.enter(field.name);
    if ((tag & 7) !== wireTypeOf(field)) reader.fail('wrong wire type');
    if (field.repeated) {
      readElement(reader, field, decoded[field.name] as unknown[], end, depth);
    } else {
      const bit = 1 << (tag >>> 3);
      if ((seen & bit) !== 0) reader.fail('comes twice');
      seen |= bit;
      readSingular(reader, field, decoded, end, depth);
    }
    reader.path.leave();
  }

  return decoded;
}

function absent(schema: MessageSchema): Decoded {
  const decoded: Decoded = { ...schema.absent };
  for (const name of schema.lists) decoded[name] = [];

  return decoded;
}

function wireTypeOf(field: FieldSchema): number {
  const { kind } = field.type;

  return kind === 'string' || kind === 'message' ? WIRE_TYPE.length_delimited : WIRE_TYPE.varint;
}

function readElement(
  reader: WireReader,
  field: FieldSchema,
  list: unknown[],
  end: number,
  depth: number,
): void {
  if (field.limit !== undefined && list.length >= LIMITS[field.limit]) {
    throw exceedsLimit(field.limit, reader.path.text());
  }

  reader.path.enter(list.length);
  list.push(readValue(reader, field, 'string_bytes', end, depth));
  reader.path.leave();
}

function readSingular(
  reader: WireReader,
  field: FieldSchema,
  decoded: Decoded,
  end: number,
  depth: number,
): void {
  const { name, oneof, limit = 'string_bytes' } = field;
  if (oneof !== undefined) {
    if (decoded[oneof] !== undefined) reader.fail(`${oneof} is set twice`);
    decoded[oneof] = name;
  }

  decoded[name] = readValue(reader, field, limit, end, depth);
}

function readValue(
  reader: WireReader,
  field: FieldSchema,
  textLimit: LimitName,
  end: number,
  depth: number,
): unknown {
  const { type } = field;
  switch (type.kind) {
    case 'string':
      return readText(reader, textLimit, end);
    case 'bool':
      return readBool(reader, end);
    case 'uint64':
      return reader.uint64(end).toString();
    case 'sint64':
      return reader.sint64(end).toString();
    case 'enum':
      return readEnum(reader, type.names, end);
    case 'message':
      return readMessage(reader, type.schema(), reader.span(end), depth);
  }
}

function readText(reader: WireReader, limit: LimitName, end: number): string {
  const textEnd = reader.span(end);
  if (textEnd - reader.position > LIMITS[limit]) throw exceedsLimit(limit, reader.path.text());

  return reader.text(textEnd);
}

function readBool(reader: WireReader, end: number): boolean {
  const value = reader.uint32(end);
  if (value > 1) reader.fail('bool is neither 0 nor 1');

  return value === 1;
}

function readEnum(reader: WireReader, names: readonly string[], end: number): string {
  const number = reader.uint32(end);
  const name = names[number];

  return name ?? reader.fail(`unknown enum number ${number}`);
}
