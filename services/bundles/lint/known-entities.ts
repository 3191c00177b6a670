import type { Entity } from '../../engine/data/entities.ts';
import type { Schema } from '../../engine/schema/schema.ts';
import { EntityUid } from '../../engine/value/value.ts';
import { hasContent } from '../content.ts';
import type { Manifest } from '../manifest.ts';

/** What a bundle's own entities say of every request that it will ever see. */
export interface KnownEntities {
  /** Whether every entity of a type that a request can name stands in entities.json. */
  isClosed(type: string): boolean;
  /** Whether there is an entity of a closed type that is, or stands below, the one with this key. */
  hasBelow(type: string, key: string): boolean;
  has(key: string): boolean;
  /** Everything that an entity of the bundle stands below. */
  ancestorsOf(key: string): ReadonlySet<string>;
  /** Whether an attribute of a closed type only ever names entities that are there. */
  namesOnlyKnown(type: string, attribute: string): boolean;
}

const NONE: ReadonlySet<string> = new Set();

export function createKnownEntities(
  schema: Schema,
  entities: readonly Entity[],
  sources: Manifest['entity_sources'],
): KnownEntities {
  const byKey = new Map(entities.map((entity) => [entity.uid.key, entity]));
  const above = new Map<string, Set<string>>();
  for (const { uid, ancestors } of entities) {
    const keys = above.get(uid.type) ?? new Set();
    above.set(uid.type, keys.add(uid.key));
    for (const ancestor of ancestors) keys.add(ancestor);
  }
  const known = new Map<string, boolean>();

  return {
    isClosed,
    hasBelow: (type, key) => above.get(type)?.has(key) === true,
    has: (key) => byKey.has(key),
    ancestorsOf: (key) => byKey.get(key)?.ancestors ?? NONE,
    namesOnlyKnown(type, attribute) {
      const key = `${type} ${attribute}`;
      const found =
        known.get(key) ?? (isClosed(type) && entities.every((entity) => isHarmless(entity, type, attribute)));
      known.set(key, found);

      return found;
    },
  };

  /** A principal or resource of a type with content is refused where its source does not have it; of others, any id will do. */
  function isClosed(type: string): boolean {
    const isOurs = !Object.hasOwn(sources, type) || sources[type] === 'bundle';

    return isOurs && hasContent(schema, type);
  }

  function isHarmless({ uid, attributes }: Entity, type: string, attribute: string): boolean {
    if (uid.type !== type) return true;
    const value = attributes.get(attribute);

    return !(value instanceof EntityUid) || byKey.has(value.key);
  }
}
