import type { Attribute } from '../schema/schema.ts';

type Attributes = ReadonlyMap<string, Attribute>;

const known = new WeakMap<Attributes, readonly string[]>();

/**
 * The names that a record of these attributes cannot be without. Kept, so that reading a record costs what was sent and not
 * what is declared: a set may hold a thousand empty records of a type with a thousand optional attributes.
 */
export function requiredNames(attributes: Attributes): readonly string[] {
  const names = known.get(attributes);
  if (names !== undefined) return names;

  const required = [...attributes].filter(([, attribute]) => attribute.required).map(([name]) => name);
  known.set(attributes, required);

  return required;
}
