import { PdpError } from '../../../engine/error.ts';
import { FieldPath } from '../../../engine/raw/field-path.ts';
import { type RawNode, TypedEntity, TypedExtension, TypedRecord, TypedSet } from '../../../engine/raw/raw.ts';
import type { TypedEntityInput } from '../../types.ts';
import type { Entity__Output } from '../generated/palisade/v1/Entity.ts';
import type { Record__Output } from '../generated/palisade/v1/Record.ts';
import type { Value__Output } from '../generated/palisade/v1/Value.ts';

const EMPTY_RECORD = new TypedRecord(new Map());

/**
 * Takes a decoded `Record` as it is: nothing coerced, nothing an escape.
 * @throws PdpError `invalid_request` for a repeated name or a value without a kind.
 */
export function typedContext(record: Record__Output): TypedRecord {
  return typedRecord(record, new FieldPath('context'));
}

/**
 * Takes decoded entities as they are; absent attributes and tags are empty.
 * @throws PdpError `invalid_request` for an absent uid, and as {@link typedContext}.
 */
export function typedEntities(entities: readonly Entity__Output[]): TypedEntityInput[] {
  const path = new FieldPath('entities');

  return within(path, entities, (entity) => typedEntity(entity, path));
}

function typedEntity({ uid, attrs, parents, tags }: Entity__Output, path: FieldPath): TypedEntityInput {
  if (uid === null) throw refused(path, 'uid is required');

  return { uid, parents, attrs: member('attrs', attrs, path), tags: member('tags', tags, path) };
}

function member(name: string, record: Record__Output | null, path: FieldPath): TypedRecord {
  if (record === null) return EMPTY_RECORD;

  path.enter(name);
  const typed = typedRecord(record, path);
  path.leave();

  return typed;
}

function typedRecord(record: Record__Output, path: FieldPath): TypedRecord {
  const fields = new Map<string, RawNode>();
  for (const { name, value } of record.fields) {
    path.enter(name);
    if (fields.has(name)) throw refused(path, 'this name is repeated');

    fields.set(name, typedValue(value, path));
    path.leave();
  }

  return new TypedRecord(fields);
}

/** Recursion is as deep as the decoder let the message be: `json_depth`. */
function typedValue(value: Value__Output | null, path: FieldPath): RawNode {
  if (value === null) throw refused(path, 'the value is absent');
  if (value.bool !== undefined) return value.bool;
  if (value.long !== undefined) return BigInt(value.long);
  if (value.string !== undefined) return value.string;
  if (value.entity) return new TypedEntity(value.entity.type, value.entity.id);
  if (value.extension) return new TypedExtension(value.extension.fn, typedValues(value.extension.args, path));
  if (value.set) return new TypedSet(typedValues(value.set.elements, path));
  if (value.record) return typedRecord(value.record, path);

  throw refused(path, 'the value has no kind');
}

function typedValues(values: readonly Value__Output[], path: FieldPath): RawNode[] {
  return within(path, values, (value) => typedValue(value, path));
}

function within<Item, Typed>(path: FieldPath, items: readonly Item[], type: (item: Item) => Typed): Typed[] {
  return items.map((item, index) => {
    path.enter(index);
    const typed = type(item);
    path.leave();

    return typed;
  });
}

function refused(path: FieldPath, text: string): PdpError {
  return new PdpError('invalid_request', text, { field: path.text() });
}
