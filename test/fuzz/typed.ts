import type { Entity } from '../../services/engine/data/entities.ts';
import { CONSTRUCTOR_OF } from '../../services/engine/extension/call.ts';
import { Datetime } from '../../services/engine/extension/datetime.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../../services/engine/value/value.ts';
import type { Entity as WireEntity } from '../../services/pdp/wire/generated/palisade/v1/Entity.ts';
import type { Record as WireRecord } from '../../services/pdp/wire/generated/palisade/v1/Record.ts';
import type { Value as WireValue } from '../../services/pdp/wire/generated/palisade/v1/Value.ts';

/** Writes a record as the contract's message `Record`. */
export function typedRecord(fields: ReadonlyMap<string, Value>): WireRecord {
  return { fields: [...fields].map(([name, value]) => ({ name, value: typedValue(value) })) };
}

/** Writes an entity as the contract's message `Entity`. */
export function typedEntity({ uid, attributes, parents, tags }: Entity): WireEntity {
  return {
    uid: { type: uid.type, id: uid.id },
    attrs: typedRecord(attributes),
    parents: parents.map(({ type, id }) => ({ type, id })),
    tags: typedRecord(tags),
  };
}

function typedValue(value: Value): WireValue {
  if (typeof value === 'string') return { string: value };
  if (typeof value === 'boolean') return { bool: value };
  if (typeof value === 'bigint') return { long: value.toString() };
  if (value instanceof EntityUid) return { entity: { type: value.type, id: value.id } };
  if (value instanceof CedarSet) return { set: { elements: value.elements.map(typedValue) } };
  if (value instanceof CedarRecord) return { record: typedRecord(value.fields) };
  if (value instanceof Datetime) return datetimeCall(value);

  return call(CONSTRUCTOR_OF[value.type], value.text());
}

/** Arithmetic reaches times that no text has. */
function datetimeCall(value: Datetime): WireValue {
  const distance = call('duration', `${value.epochMs}ms`);

  return { extension: { fn: 'offset', args: [call('datetime', '1970-01-01'), distance] } };
}

function call(fn: string, text: string): WireValue {
  return { extension: { fn, args: [{ string: text }] } };
}
