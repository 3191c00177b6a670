import { CONSTRUCTOR_OF } from '../extension/call.ts';
import { Datetime } from '../extension/datetime.ts';
import { quote } from './canonical.ts';
import { CedarRecord, CedarSet, EntityUid, type ExtensionValue, type Value } from './value.ts';

/**
 * A value as explicit Cedar JSON text, exact to the last bit: integers as digits, references and extension values as escapes.
 *
 * It is text for a position whose type a schema declares, as attributes, tags and contexts under a schema all are. There a
 * declared record is read as a record whatever its names are. Without a schema Cedar would take a record such as
 * `{"__entity": {"type": "U", "id": "a"}}` for a reference, and has no spelling that says otherwise.
 */
export function writeValue(value: Value): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof EntityUid) return `{"__entity":{"type":${quote(value.type)},"id":${quote(value.id)}}}`;
  if (value instanceof CedarSet) return `[${value.elements.map(writeValue).join()}]`;
  if (value instanceof CedarRecord) return writeFields(value.fields);

  return writeExtension(value);
}

/** The attributes or tags of an entity, or a whole context. */
export function writeFields(fields: ReadonlyMap<string, Value>): string {
  let members = '';
  for (const [name, value] of fields) {
    members += `${members === '' ? '' : ','}${quote(name)}:${writeValue(value)}`;
  }

  return `{${members}}`;
}

function writeExtension(value: ExtensionValue): string {
  if (value instanceof Datetime && !value.isWritable()) return writeFarDatetime(value);

  return writeCall(CONSTRUCTOR_OF[value.type], value.text());
}

/** Arithmetic reaches times that no text of `datetime` has, so they are written as the sum that makes them. */
function writeFarDatetime(datetime: Datetime): string {
  const epoch = writeCall('datetime', '1970-01-01');
  const distance = writeCall('duration', `${datetime.epochMs}ms`);

  return `{"__extn":{"fn":"offset","args":[${epoch},${distance}]}}`;
}

function writeCall(fn: string, text: string): string {
  return `{"__extn":{"fn":${quote(fn)},"arg":${quote(text)}}}`;
}
