import type { Entity, LoneEntity } from './data/entity.ts';
import type { EvaluationRequest } from './evaluator.ts';
import { exceedsLimit, LIMITS } from './limits.ts';
import type { RawUid } from './raw/raw.ts';
import { CedarRecord, CedarSet, EntityUid, uidKey, type Value } from './value/value.ts';
import { weightOf, weightOfEntity } from './weight.ts';

type Lookup = EvaluationRequest['entity'];

/**
 * The keys that `uid in …` is true for: its own first, then those of its ancestors.
 *
 * A parent counts even when it has no entity of its own (cedar-facts: `in` is reflexive and follows `parents`).
 */
export function closureOf(uid: EntityUid, entity: Lookup): readonly string[] {
  return closureBy(uid, entity(uid.key));
}

/** The same where the entity was looked up already; `undefined`: there is none. */
export function closureBy(uid: EntityUid, entity: Entity | undefined): readonly string[] {
  const keys = [uid.key];
  // One by one, which is several times as fast as spreading a set.
  if (entity !== undefined) for (const key of entity.ancestors) keys.push(key);

  return keys;
}

/**
 * All entities that evaluating a request can read: what the request and the policies' literals name, and what those name
 * through parents, attributes and tags.
 * @throws PdpError `too_large` past `reached_entities`, or where they and the context weigh more than `evaluation_weight`.
 */
export function reachableEntities(request: EvaluationRequest, literals: Iterable<RawUid>): readonly Entity[] {
  const seen = new Set<string>();
  const reached: Entity[] = [];
  let weight = 0;
  const weigh = (more: number, field: string): void => {
    weight += more;
    if (weight > LIMITS.evaluation_weight) throw exceedsLimit('evaluation_weight', field);
  };
  const visit = (key: string): void => {
    if (seen.has(key)) return;
    seen.add(key);
    const found = request.entity(key);
    if (found === undefined) return;
    if (reached.length === LIMITS.reached_entities) throw exceedsLimit('reached_entities', 'entities');
    weigh(weightOfEntity(found), 'entities');
    reached.push(found);
  };

  weigh(weightOf(request.context), 'context');
  visit(request.principal.key);
  visit(request.resource.key);
  for (const uid of namedBy(request.context)) visit(uid.key);
  for (const { type, id } of literals) visit(uidKey(type, id));

  for (let next = 0; next < reached.length; next += 1) {
    const entity = reached[next];
    if (entity !== undefined) for (const uid of namedByEntity(entity)) visit(uid.key);
  }

  return reached;
}

const named = new WeakMap<LoneEntity, readonly EntityUid[]>();

/** What an entity names by parents, attributes and tags. Kept, since most entities live as long as their bundle. */
export function namedByEntity(entity: LoneEntity): readonly EntityUid[] {
  const known = named.get(entity);
  if (known !== undefined) return known;

  const uids = [...entity.parents];
  for (const value of entity.attributes.values()) uids.push(...namedBy(value));
  for (const value of entity.tags.values()) uids.push(...namedBy(value));
  named.set(entity, uids);

  return uids;
}

function* namedBy(value: Value): Generator<EntityUid> {
  if (value instanceof EntityUid) yield value;
  else if (value instanceof CedarSet) for (const element of value.elements) yield* namedBy(element);
  else if (value instanceof CedarRecord) for (const field of value.fields.values()) yield* namedBy(field);
}
