import type { Value } from './value.ts';

/**
 * The RFC 8785 text of a value's tagged array. Equal values, and only those, have equal text: it is the value's identity,
 * in sets, in comparisons and in the request digest.
 *
 * `["b",true]` · `["l","5"]` · `["s","5"]` · `["e",type,id]` · `["x",type,normal text]` · `["S",[…]]` · `["R",{…}]`; elements
 * stand in the order of the UTF-16 units of their own canonical text, names in that of theirs (RFC 8785, section 3.2.3).
 */
export function canonicalOf(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return value ? '["b",true]' : '["b",false]';
    case 'bigint':
      return `["l","${value}"]`;
    case 'string':
      return `["s",${quote(value)}]`;
    default:
      return value.canonical();
  }
}

export function canonicalEntity(type: string, id: string): string {
  return `["e",${quote(type)},${quote(id)}]`;
}

/** @param text normal text, which holds nothing that JSON escapes. */
export function canonicalExtension(type: string, text: string): string {
  return `["x","${type}","${text}"]`;
}

/** @param elements distinct ones. */
export function canonicalSet(elements: readonly Value[]): string {
  return `["S",[${elements.map(canonicalOf).sort().join()}]]`;
}

export function canonicalRecord(fields: ReadonlyMap<string, Value>): string {
  return `["R",${canonicalObject(fields, canonicalOf)}]`;
}

/** A JSON object with its names in RFC 8785 order. */
export function canonicalObject<T>(members: ReadonlyMap<string, T>, write: (member: T) => string): string {
  let text = '';
  for (const name of sortedNames(members)) {
    // Each of these names is one of a member, whose value may be undefined for all that the types know.
    text += `${text === '' ? '' : ','}${quote(name)}:${write(members.get(name) as T)}`;
  }

  return `{${text}}`;
}

/** In the order of UTF-16 units. Names often stand so already, and then need not be sorted. */
function sortedNames(members: ReadonlyMap<string, unknown>): Iterable<string> {
  let last = '';
  for (const name of members.keys()) {
    // The default order is faster than any comparison of ours.
    if (name < last) return [...members.keys()].sort();
    last = name;
  }

  return members.keys();
}

/** For well-formed text `JSON.stringify` writes exactly what RFC 8785, section 3.2.2.2 demands. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
