import type { EntityConstraint } from '../policy.ts';
import type { Schema } from '../schema/schema.ts';
import { mayBeWithin } from './known-type.ts';

/** Which resources of a type the head of a policy leaves: all of them, none, or those that it names. */
export function resourcesLeft(
  schema: Schema,
  constraint: EntityConstraint,
  type: string,
): 'all' | 'none' | 'some' {
  if ('type' in constraint && constraint.type !== type) return 'none';
  if (!('uid' in constraint)) return 'all';
  const { uid } = constraint;
  const isPossible = constraint.op === '==' ? uid.type === type : mayBeWithin(schema, type, uid.type);

  return isPossible ? 'some' : 'none';
}
