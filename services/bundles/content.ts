import type { Schema } from '../engine/schema/schema.ts';

/**
 * Whether an entity of this type can have attributes, parents or tags. Were one left out, policies would see it without, and a forbid
 * on them would not match; so its source must hold it.
 */
export function hasContent(schema: Schema, type: string): boolean {
  const declared = schema.entityTypes.get(type);

  return (
    declared !== undefined &&
    (declared.attributes.size > 0 || declared.memberOfTypes.size > 0 || declared.tags !== undefined)
  );
}
