import type { Attribute, CedarType, Schema } from '../schema/schema.ts';
import { EntityUid, typeOfKey } from '../value/value.ts';
import type { Partial } from './partial.ts';

/** The type of each value that an expression gives, where that is known. */
export function typeOf(partial: Partial): CedarType | undefined {
  if (partial.kind === 'residual') return partial.type;
  if (partial.kind === 'failing' || !(partial.value instanceof EntityUid)) return undefined;

  return { kind: 'entity', name: partial.value.type };
}

/** The name of the entity type, where each value is an entity of that type. */
export function entityTypeOf(partial: Partial): string | undefined {
  const type = typeOf(partial);

  return type?.kind === 'entity' ? type.name : undefined;
}

/**
 * An attribute as the schema declares it: data that does not fit was refused before any evaluation.
 * @returns `undefined` where the holder's type is not known, `absent` where it declares no such attribute.
 */
export function declaredAttribute(
  schema: Schema,
  holder: CedarType | undefined,
  name: string,
): Attribute | 'absent' | undefined {
  if (holder?.kind === 'record') return holder.attributes.get(name) ?? 'absent';
  const entityType = holder?.kind === 'entity' ? schema.entityTypes.get(holder.name) : undefined;

  return entityType === undefined ? undefined : (entityType.attributes.get(name) ?? 'absent');
}

/** What `has` of a path can be: of a record a declared attribute is there if it is required; an entity itself may be missing. */
export function presence(
  schema: Schema,
  holder: CedarType | undefined,
  path: readonly string[],
): 'always' | 'never' | undefined {
  let type = holder;
  let isCertain = true;
  for (const name of path) {
    const attribute = declaredAttribute(schema, type, name);
    if (attribute === 'absent') return 'never';
    if (attribute === undefined) return undefined;
    isCertain &&= type?.kind === 'record' && attribute.required;
    type = attribute.type;
  }

  return isCertain ? 'always' : undefined;
}

/** Whether an entity of one type can be or stand below one of another: the schema closes the hierarchy. */
export function mayBeWithin(schema: Schema, type: string, above: string): boolean {
  if (type === above) return true;
  const declared = schema.entityTypes.get(type);

  // What the schema does not tell of, as actions, is not judged by it.
  return declared === undefined || declared.ancestorTypes.has(above);
}

/** The same for one entity whose whole ancestry is known. @param keys its own and those of its ancestors. */
export function standsBelowType(keys: readonly string[], above: string): boolean {
  return keys.some((key) => typeOfKey(key) === above);
}
