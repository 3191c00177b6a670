import { PdpError } from '../error.ts';
import { LIMITS } from '../limits.ts';
import { FieldPath } from '../raw/field-path.ts';
import type { RawNode, TypedEntityInput } from '../raw/raw.ts';
import { overLimit } from '../raw/text.ts';
import type { Schema } from '../schema/schema.ts';
import { eachInSteps, type Steps } from '../steps.ts';
import type { EntityUid } from '../value/value.ts';
import { canonicalContent, type Entity, type LoneEntity } from './entity.ts';
import { EntityReader } from './entity-reader.ts';
import {
  type Ancestors,
  closeHierarchy,
  closeHierarchyInSteps,
  type HierarchyLimits,
  type HierarchyNode,
} from './hierarchy.ts';
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
  const inputs = inputsOf(raw, options);
  const reader = new EntityReader(schema, new FieldPath('entities'), options.allowActions ?? false);
  const listed = new Map<string, Listed>();
  for (let index = 0; index < inputs.length; index += 1)
    keep(listed, reader.read(inputs[index] ?? null, index), index);

  const above = closeHierarchy(listed, limitsOf(options));
  const entities: Entity[] = [];
  for (const [key, one] of listed) finish(schema, key, one, above, entities);

  return entities;
}

/** The same for whoever serves meanwhile, and reads as many as a bundle may hold. */
export function* readEntitiesInSteps(
  schema: Schema,
  raw: RawNode,
  options: ReadEntitiesOptions = {},
): Steps<Entity[]> {
  const reader = new EntityReader(schema, new FieldPath('entities'), options.allowActions ?? false);
  const listed = new Map<string, Listed>();
  yield* eachInSteps(inputsOf(raw, options), (input, index) =>
    keep(listed, reader.read(input, index), index),
  );

  const above = yield* closeHierarchyInSteps(listed, limitsOf(options));
  const entities: Entity[] = [];
  yield* eachInSteps([...listed], ([key, one]) => finish(schema, key, one, above, entities));

  return entities;
}

function inputsOf(
  raw: RawNode | readonly TypedEntityInput[],
  { maxEntities = LIMITS.request_entities }: ReadEntitiesOptions,
): readonly (RawNode | TypedEntityInput)[] {
  const inputs: readonly (RawNode | TypedEntityInput)[] | undefined = Array.isArray(raw) ? raw : undefined;
  if (inputs === undefined) throw new PdpError('invalid_request', 'must be an array', { field: 'entities' });
  if (inputs.length > maxEntities)
    throw overLimit({ name: 'request_entities', max: maxEntities }, 'entities');

  return inputs;
}

function limitsOf({
  maxAncestors = LIMITS.entity_ancestors,
  maxChain = LIMITS.parent_chain,
}: ReadEntitiesOptions): HierarchyLimits {
  return { entity_ancestors: maxAncestors, parent_chain: maxChain };
}

/** An entity where it was first listed. */
class Listed implements HierarchyNode {
  readonly entity: LoneEntity;
  readonly index: number;

  constructor(entity: LoneEntity, index: number) {
    this.entity = entity;
    this.index = index;
  }

  get uid(): EntityUid {
    return this.entity.uid;
  }

  get parents(): readonly EntityUid[] {
    return this.entity.parents;
  }

  /** Only for errors, so it is no text before. */
  get field(): string {
    return `entities[${this.index}]`;
  }
}

function keep(listed: Map<string, Listed>, entity: LoneEntity, index: number): void {
  const one = new Listed(entity, index);
  const before = listed.get(entity.uid.key);
  if (before === undefined) {
    listed.set(entity.uid.key, one);
    return;
  }
  if (canonicalContent(before.entity) === canonicalContent(entity)) return;

  throw new PdpError('invalid_request', `says other than ${before.field}, which is the same entity`, {
    field: one.field,
  });
}

/** Adds an entity with what it stands below; an action is checked and left out. */
function finish(
  schema: Schema,
  key: string,
  { entity, index }: Listed,
  above: Ancestors,
  entities: Entity[],
): void {
  const { uid, attributes, tags, parents } = entity;
  const ancestors = above.get(key)?.ancestors ?? NOTHING_ABOVE;
  if (isActionType(uid.type)) checkGroups(schema, key, ancestors, index);
  else entities.push({ uid, attributes, tags, parents, ancestors });
}

/** An action may be listed under exactly the groups that the schema puts it under. */
function checkGroups(schema: Schema, key: string, ancestors: ReadonlySet<string>, index: number): void {
  const declared = schema.actions.get(key)?.ancestors ?? [];
  if (declared.length === ancestors.size && declared.every((group) => ancestors.has(group.key))) return;

  throw new PdpError('invalid_request', 'the schema puts this action under other groups', {
    field: `entities[${index}]`,
  });
}

const NOTHING_ABOVE: ReadonlySet<string> = new Set();
