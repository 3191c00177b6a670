import { FieldPath } from '../raw/field-path.ts';
import type { RawNode } from '../raw/raw.ts';
import type { ActionType, Schema } from '../schema/schema.ts';
import { CedarRecord } from '../value/value.ts';
import { dialectOf } from './dialect.ts';
import { ValueReader } from './value-reader.ts';

/**
 * Reads a request's context by what its action declares. An action that declares none takes the empty record alone.
 * @param action with the context type that the caller is to fill.
 * @param raw a `RawObject` (Cedar JSON) or a `TypedRecord`.
 * @throws PdpError `invalid_request` or `too_large`, naming a field such as `context.input.amount`.
 */
export function readContext(schema: Schema, action: Pick<ActionType, 'context'>, raw: RawNode): CedarRecord {
  const reader = new ValueReader(schema, dialectOf(raw), new FieldPath('context'));

  return new CedarRecord(reader.readFields(raw, action.context.attributes));
}
