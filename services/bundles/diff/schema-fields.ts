import type { Attribute, CedarType, Schema } from '../../engine/schema/schema.ts';
import { compareText } from '../problem.ts';

/**
 * Everything that a schema declares as named values, such as `action Action::"read" context.input.path` with `String`. Records are
 * spelled out attribute by attribute.
 */
export function schemaFields(schema: Schema): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();

  for (const [name, type] of schema.entityTypes) {
    fields.set(`entity ${name}`, type.enumIds === undefined ? 'declared' : `enum ${listed(type.enumIds)}`);
    if (type.memberOfTypes.size > 0) fields.set(`entity ${name} in`, listed(type.memberOfTypes));
    if (type.tags !== undefined) fields.set(`entity ${name} tags`, typeText(type.tags));
    addAttributes(`entity ${name} `, type.attributes, fields);
  }
  for (const [key, { principalTypes, resourceTypes, context, ancestors }] of schema.actions) {
    fields.set(`action ${key}`, principalTypes.size === 0 || resourceTypes.size === 0 ? 'group' : 'declared');
    if (ancestors.length > 0) fields.set(`action ${key} in`, listed(ancestors.map((group) => group.key)));
    if (principalTypes.size > 0) fields.set(`action ${key} principal`, listed(principalTypes));
    if (resourceTypes.size > 0) fields.set(`action ${key} resource`, listed(resourceTypes));
    addAttributes(`action ${key} context.`, context.attributes, fields);
  }

  return fields;
}

function addAttributes(
  prefix: string,
  attributes: ReadonlyMap<string, Attribute>,
  fields: Map<string, string>,
): void {
  for (const [name, { type, required }] of attributes) {
    const text = type.kind === 'record' ? 'record' : typeText(type);
    fields.set(prefix + name, required ? text : `${text}, optional`);
    if (type.kind === 'record') addAttributes(`${prefix}${name}.`, type.attributes, fields);
  }
}

function typeText(type: CedarType): string {
  switch (type.kind) {
    case 'bool':
      return 'Bool';
    case 'long':
      return 'Long';
    case 'string':
      return 'String';
    case 'entity':
    case 'extension':
      return type.name;
    case 'set':
      return `Set<${typeText(type.element)}>`;
    case 'record': {
      const members = [...type.attributes].map(
        ([name, { type: member, required }]) => `${name}${required ? '' : '?'}: ${typeText(member)}`,
      );

      return `{ ${members.sort(compareText).join(', ')} }`;
    }
  }
}

function listed(names: Iterable<string>): string {
  return [...names].sort(compareText).join(', ');
}
