import { PdpError } from '../error.ts';
import { LIMITS } from '../limits.ts';
import { FieldPath } from '../raw/field-path.ts';
import type { RawNode, TypedEntityInput } from '../raw/raw.ts';
import { overLimit } from '../raw/text.ts';
import type { Schema } from '../schema/schema.ts';
import { canonicalContent, type Entity, type LoneEntity } from './entity.ts';
import { EntityReader } from './entity-reader.ts';
import { closeHierarchy, type HierarchyNode } from './hierarchy.ts';
import { isActionType } from './type-name.ts';

export type { Entity } from './entity.ts';

/** Caps and freedoms; the defaults are those of a request. */
export interface ReadEntitiesOptions {
  readonly maxEntities?: number;
  readonly maxAncestors?: number;
  readonly maxChain?: number;
  /**
   * Whether action entities may be listed. They are checked as Cedar checks them and then left out, since it is the schema's
   * own actions that count. A caller must never be allowed them.
   */
  readonly allowActions?: boolean;
}

/**
 * Reads entities by their schema, with Cedar's verdict (cedar-policy-core, `entities/json/entities.rs`), and refuses a hierarchy
 * over the limits before anything walks it. An entity may be listed twice if both say the same, and is returned once.
 *
 * @param raw a JSON array of Cedar entities, or typed entities.
 * @throws PdpError `invalid_request` or `too_large`, naming a field such as `entities[3].attrs.level`.
 */
export function readEntities(
  schema: Schema,
  raw: RawNode | readonly TypedEntityInput[],
  options: ReadEntitiesOptions = {},
): Entity[] {
  const { maxEntities = LIMITS.request_entities, allowActions = false } = options;
  const inputs: readonly (RawNode | TypedEntityInput)[] | undefined = Array.isArray(raw) ? raw : undefined;
  if (inputs === undefined) throw new PdpError('invalid_request', 'must be an array', { field: 'entities' });
  if (inputs.length > maxEntities)
    throw overLimit({ name: 'request_entities', max: maxEntities }, 'entities');

  const reader = new EntityReader(schema, new FieldPath('entities'), allowActions);
  const listed = new Map<string, Listed>();
  for (const [index, input] of inputs.entries())
    keep(listed, reader.read(input, index), `entities[${index}]`);

  return closeAll(schema, listed, options);
}

interface Listed extends HierarchyNode {
  readonly entity: LoneEntity;
}

function keep(listed: Map<string, Listed>, entity: LoneEntity, field: string): void {
  const before = listed.get(entity.uid.key);
  if (before !== undefined && canonicalContent(before.entity) !== canonicalContent(entity)) {
    throw new PdpError('invalid_request', `says other than ${before.field}, which is the same entity`, {
      field,
    });
  }
  if (before === undefined)
    listed.set(entity.uid.key, { uid: entity.uid, parents: entity.parents, field, entity });
}

/** The entities with what they stand below, in the order that they were listed in; actions are checked and left out. */
function closeAll(
  schema: Schema,
  listed: ReadonlyMap<string, Listed>,
  options: ReadEntitiesOptions,
): Entity[] {
  const { maxAncestors = LIMITS.entity_ancestors, maxChain = LIMITS.parent_chain } = options;
  const limits = { entity_ancestors: maxAncestors, parent_chain: maxChain };

  const above = new Map<string, ReadonlySet<string>>();
  for (const { node, ancestors } of closeHierarchy(listed, limits)) {
    above.set(node.uid.key, ancestors);
    const declared = schema.actions.get(node.uid.key)?.ancestors;
    if (declared === undefined) continue;
    if (declared.length === ancestors.size && declared.every(({ key }) => ancestors.has(key))) continue;

    throw new PdpError('invalid_request', 'the schema puts this action under other groups', {
      field: node.field,
    });
  }

  return [...listed.values()]
    .filter(({ uid }) => !isActionType(uid.type))
    .map(({ uid, entity }) => ({ ...entity, ancestors: above.get(uid.key) ?? NOTHING_ABOVE }));
}

const NOTHING_ABOVE: ReadonlySet<string> = new Set();
