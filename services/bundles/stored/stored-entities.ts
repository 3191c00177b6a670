import type { Entity, LoneEntity } from '../../engine/data/entity.ts';
import { closeHierarchy, type HierarchyNode } from '../../engine/data/hierarchy.ts';
import { LIMITS } from '../../engine/limits.ts';
import { overLimit } from '../../engine/raw/text.ts';
import type { EntityUid } from '../../engine/value/value.ts';
import type { CompiledBundle } from '../compile.ts';

/** What a store holds of the types whose source it is, at one moment and by one bundle. */
export interface StoredEntities {
  /**
   * The entity with this key, with everything that it stands below in the store and the bundle.
   * @throws PdpError `invalid_request` where it stands below itself, `too_large` where too much stands above it.
   */
  readonly entity: (key: string) => Entity | undefined;
}

/**
 * Lays what a store holds over the entities of a bundle, whose types are others. What stands above an entity is found when it is
 * first asked for, since most are never asked for before they change, and kept.
 * @param held an entity that was read by the bundle's schema, by its key; must answer the same each time.
 */
export function storedEntities(
  held: (key: string) => LoneEntity | undefined,
  { entities }: Pick<CompiledBundle, 'entities'>,
): StoredEntities {
  const closed = new Map<string, Entity>();
  const parentsAt = (key: string): Pick<LoneEntity, 'uid' | 'parents'> | undefined =>
    held(key) ?? entities.get(key);

  return {
    entity(key) {
      const known = closed.get(key);
      if (known !== undefined) return known;

      const lone = held(key);
      if (lone === undefined) return undefined;
      const entity: Entity = { ...lone, ancestors: ancestorsOf(lone, parentsAt) };
      closed.set(key, entity);

      return entity;
    },
  };
}

const LIMITS_ABOVE = { entity_ancestors: LIMITS.entity_ancestors, parent_chain: LIMITS.parent_chain };
const NOTHING_ABOVE: ReadonlySet<string> = new Set();

function ancestorsOf(
  { uid, parents }: LoneEntity,
  parentsAt: (key: string) => Pick<LoneEntity, 'uid' | 'parents'> | undefined,
): ReadonlySet<string> {
  if (parents.length === 0) return NOTHING_ABOVE;

  const field = uid.key;
  const above = new Map<string, HierarchyNode>([[uid.key, { uid, parents, field }]]);
  const open: EntityUid[] = [...parents];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const found = above.has(next.key) ? undefined : parentsAt(next.key);
    if (found === undefined) continue;
    // Beside itself; more would only be walked to be refused.
    if (above.size > LIMITS.entity_ancestors) {
      throw overLimit({ name: 'entity_ancestors', max: LIMITS.entity_ancestors }, `${field}.parents`);
    }
    above.set(next.key, { ...found, field });
    open.push(...found.parents);
  }

  return closeHierarchy(above, LIMITS_ABOVE).get(uid.key)?.ancestors ?? NOTHING_ABOVE;
}
