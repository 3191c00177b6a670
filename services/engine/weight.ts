import type { LoneEntity } from './data/entity.ts';
import { quote } from './value/canonical.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from './value/value.ts';

/**
 * How long Cedar takes to read a value, in units of about 4 µs (cedar-wasm 4.13). It parses the type name of every reference
 * and the function name of every extension value anew, which is most of what those cost.
 */
const WEIGHTS = { plain: 1, record: 2, reference: 8, extension: 10, entity: 4, parent: 2 } as const;
/** Bytes of text that weigh as much as a plain value. */
const TEXT_BYTES = 256;
/** A byte that JSON or UTF-8 adds to a character costs Cedar about so many plain ones. */
const ADDED_BYTE = 16;

/** The weight of a value with all that is in it. Linear. */
export function weightOf(value: Value): number {
  if (typeof value === 'string') return WEIGHTS.plain + textWeight(value);
  if (typeof value !== 'object') return WEIGHTS.plain;
  if (value instanceof EntityUid) return WEIGHTS.reference + textWeight(value.id);
  if (value instanceof CedarRecord) return WEIGHTS.record + fieldsWeight(value.fields);
  if (!(value instanceof CedarSet)) return WEIGHTS.extension;

  return value.elements.reduce((sum: number, element) => sum + weightOf(element), WEIGHTS.plain);
}

const weights = new WeakMap<LoneEntity, number>();

/** The weight of an entity; bundle entities live as long as their bundle, so theirs are kept. */
export function weightOfEntity(entity: LoneEntity): number {
  const known = weights.get(entity);
  if (known !== undefined) return known;

  const { uid, attributes, tags, parents } = entity;
  const weight =
    WEIGHTS.entity +
    textWeight(uid.id) +
    fieldsWeight(attributes) +
    fieldsWeight(tags) +
    parents.reduce((sum, { id }) => sum + WEIGHTS.parent + textWeight(id), 0);
  weights.set(entity, weight);

  return weight;
}

function fieldsWeight(fields: ReadonlyMap<string, Value>): number {
  let weight = 0;
  for (const [name, value] of fields) weight += textWeight(name) + weightOf(value);

  return weight;
}

function textWeight(text: string): number {
  // Each unit becomes at most six bytes, so a short text cannot weigh anything.
  if (text.length * 6 * ADDED_BYTE < TEXT_BYTES) return 0;
  const added = Buffer.byteLength(quote(text)) - 2 - text.length;

  return Math.floor((text.length + ADDED_BYTE * added) / TEXT_BYTES);
}
