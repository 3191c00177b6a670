import { PdpError } from '../error.ts';
import { type RawNode, RawObject, type RawUid } from '../raw/raw.ts';
import { checkText } from '../raw/text.ts';
import type { EntityType, Schema } from '../schema/schema.ts';
import { EntityUid } from '../value/value.ts';
import { isActionType, isTypeName } from './type-name.ts';

/**
 * Makes an identifier of what a caller wrote.
 * @param schema whose types are names, so that only another one need be looked at.
 * @param field its place, such as `principal`; called only for an error.
 * @throws PdpError `invalid_request` where the type is no Cedar name or the id is ill-formed, `too_large` for a long id.
 */
export function readUid(schema: Schema, { type, id }: RawUid, field: () => string): EntityUid {
  checkText(id, () => `${field()}.id`);
  const uid = new EntityUid(type, id);
  // Not by the key alone: a type that is no name may hold what makes it the key of another identifier.
  if (schema.entityTypes.has(type) || schema.actions.get(uid.key)?.uid.type === type) return uid;

  checkText(type, () => `${field()}.type`);
  if (isTypeName(type)) return uid;

  throw new PdpError('invalid_request', 'is no name of an entity type', { field: `${field()}.type` });
}

/**
 * The identifier in Cedar JSON: `{"type", "id"}`, bare or in `__entity`, which wins if it is well formed. Other keys are ignored, as
 * Cedar does; the arrays that it takes by accident of its deserializer are not taken.
 * @returns `undefined` where the node is none.
 */
export function uidInJson(raw: RawNode): RawUid | undefined {
  if (!(raw instanceof RawObject) || isExpression(raw)) return undefined;

  return typeAndId(raw.get('__entity')) ?? typeAndId(raw);
}

/** Cedar looks for `__expr` first, and refuses it, wherever an escape may stand. */
export function isExpression(raw: RawObject): boolean {
  return typeof raw.get('__expr') === 'string';
}

/**
 * The declared type of an entity, with its id checked where the schema lists the ids.
 * @throws PdpError `invalid_request` where the schema has no such type, or the type no such id.
 */
export function entityTypeOf(schema: Schema, uid: EntityUid, field: () => string): EntityType {
  const type = schema.entityTypes.get(uid.type);
  if (type === undefined) {
    const message = isActionType(uid.type)
      ? 'an action cannot stand here'
      : 'the schema has no such entity type';
    throw new PdpError('invalid_request', message, { field: field() });
  }
  if (type.enumIds !== undefined && !type.enumIds.has(uid.id)) {
    throw new PdpError('invalid_request', `the schema lists the ids of ${uid.type}, and not this one`, {
      field: field(),
    });
  }

  return type;
}

/**
 * Checks a reference inside a value, which unlike an entity's own identifier may name an action.
 * @throws PdpError `invalid_request` where the schema has no such type, id or action.
 */
export function checkReference(schema: Schema, uid: EntityUid, field: () => string): void {
  if (!isActionType(uid.type)) {
    entityTypeOf(schema, uid, field);
    return;
  }
  if (!schema.actions.has(uid.key)) {
    throw new PdpError('invalid_request', 'the schema has no such action', { field: field() });
  }
}

function typeAndId(raw: RawNode | undefined): RawUid | undefined {
  if (!(raw instanceof RawObject)) return undefined;

  const type = raw.get('type');
  const id = raw.get('id');

  return typeof type === 'string' && typeof id === 'string' ? { type, id } : undefined;
}
