import type { ActionConstraint, EntityConstraint, Scope } from '../policy.ts';
import type { RawUid } from '../raw/raw.ts';

/**
 * Reads the scope from a policy in Cedar's JSON form, as `policyToJson` or `templateToJson` gives it.
 * @param slots the values of a link, by slot name such as `?principal`.
 * @throws Error on a form that Cedar 4.13 does not emit, or on a slot without a value: never guessed.
 */
export function readScope(est: unknown, slots: Readonly<Record<string, RawUid>> = {}): Scope {
  const policy = asObject(est, 'a policy');

  return {
    principal: readEntity(policy['principal'], slots),
    action: readAction(policy['action']),
    resource: readEntity(policy['resource'], slots),
  };
}

function readEntity(json: unknown, slots: Readonly<Record<string, RawUid>>): EntityConstraint {
  const constraint = asObject(json, 'a scope constraint');
  const op = constraint['op'];

  if (op === 'All') return { op: 'all' };
  if (op === '==' || op === 'in') return { op, uid: readTarget(constraint, slots) };
  if (op !== 'is' || typeof constraint['entity_type'] !== 'string') throw unknownForm(json);

  const type = constraint['entity_type'];
  if (constraint['in'] === undefined) return { op: 'is', type };

  return { op: 'is in', type, uid: readTarget(asObject(constraint['in'], 'an `in`'), slots) };
}

function readAction(json: unknown): ActionConstraint {
  const constraint = asObject(json, 'a scope constraint');
  const op = constraint['op'];

  if (op === 'All') return { op: 'all' };
  if (op !== '==' && op !== 'in') throw unknownForm(json);
  if (op === 'in' && Array.isArray(constraint['entities'])) {
    return { op, uids: constraint['entities'].map(readUid) };
  }

  return { op, uids: [readUid(constraint['entity'])] };
}

function readTarget(constraint: Json, slots: Readonly<Record<string, RawUid>>): RawUid {
  const slot = constraint['slot'];
  if (slot === undefined) return readUid(constraint['entity']);

  const value = typeof slot === 'string' ? slots[slot] : undefined;
  if (value === undefined) throw new Error(`the slot ${String(slot)} has no value`);

  return value;
}

function readUid(json: unknown): RawUid {
  const outer = asObject(json, 'an entity');
  const uid = outer['__entity'] === undefined ? outer : asObject(outer['__entity'], 'an entity');
  if (typeof uid['type'] !== 'string' || typeof uid['id'] !== 'string') throw unknownForm(json);

  return { type: uid['type'], id: uid['id'] };
}

type Json = Readonly<Record<string, unknown>>;

function asObject(json: unknown, what: string): Json {
  if (typeof json !== 'object' || json === null) throw new Error(`expected ${what}`);

  return json as Json;
}

function unknownForm(json: unknown): Error {
  return new Error(`a scope of unknown form: ${JSON.stringify(json)}`);
}
