import { PdpError } from '../error.ts';
import type { RawUid } from '../raw/raw.ts';
import type { ActionType, Schema } from '../schema/schema.ts';
import type { EntityUid } from '../value/value.ts';
import { entityTypeOf, readUid } from './read-uid.ts';

/** A request that fits the schema, without its data. */
export interface CheckedRequest {
  readonly action: ActionType;
  readonly principal: EntityUid;
  readonly resource: EntityUid;
}

/**
 * Checks who asks to do what to what against the schema, as Cedar does with `validateRequest`: exact types, no hierarchy. A
 * group of actions that applies to nothing cannot be requested.
 * @returns the declared action, and who and what it is about.
 * @throws PdpError `invalid_request`, naming `principal`, `action` or `resource`.
 */
export function checkRequest(
  schema: Schema,
  asked: { readonly principal: RawUid; readonly action: RawUid; readonly resource: RawUid },
): CheckedRequest {
  const principal = readUid(schema, asked.principal, () => 'principal');
  const resource = readUid(schema, asked.resource, () => 'resource');
  const { key } = readUid(schema, asked.action, () => 'action');
  entityTypeOf(schema, principal, () => 'principal');
  entityTypeOf(schema, resource, () => 'resource');

  const action = schema.actions.get(key);
  if (action === undefined) throw refused('the schema has no such action', 'action');
  if (action.principalTypes.size === 0)
    throw refused('is a group of actions, and no action itself', 'action');
  if (!action.principalTypes.has(principal.type))
    throw refused('the action is for other principal types', 'principal');
  if (!action.resourceTypes.has(resource.type))
    throw refused('the action is for other resource types', 'resource');

  return { action, principal, resource };
}

function refused(message: string, field: string): PdpError {
  return new PdpError('invalid_request', message, { field });
}
