/** What a reply is made of. Members that are undefined are left out. */
export type JsonValue =
  | string
  | number
  | boolean
  | bigint
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined };

/** Writes JSON with every `bigint` as an exact number, which `JSON.stringify` cannot. */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (isList(value)) return `[${value.map(jsonText).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);

  return `{${Object.entries(value)
    .flatMap(([name, member]) => memberText(name, member))
    .join()}}`;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function memberText(name: string, value: JsonValue | undefined): string[] {
  return value === undefined ? [] : [`${JSON.stringify(name)}:${jsonText(value)}`];
}
