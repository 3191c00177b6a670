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
  const texts = new Map<string, string>();
  for (const [name, member] of members) texts.set(name, `${quote(name)}:${write(member)}`);

  // The default order is by UTF-16 units, and faster than any comparison of ours.
  return `{${[...texts.keys()]
    .sort()
    .map((name) => texts.get(name))
    .join()}}`;
}

/** For well-formed text `JSON.stringify` writes exactly what RFC 8785, section 3.2.2.2 demands. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
