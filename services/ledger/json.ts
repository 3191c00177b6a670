/** JSON without floats: what Cedar data consists of, with 64-bit integers exact. */
export type JsonValue =
  | null
  | boolean
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Writes a value as JSON text; integers as plain digits, members in the order they stand. */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(jsonText).join(',')}]`;

  let members = '';
  for (const [name, member] of Object.entries(value)) {
    members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${jsonText(member)}`;
  }
  return `{${members}}`;
}

/**
 * Reads JSON text that this package wrote; every integer becomes a bigint, so that none is rounded.
 * @throws SyntaxError if the text is not JSON, or holds a number that is not an integer.
 */
export function parseExactJson(text: string): unknown {
  const parse: ExactParse = JSON.parse;
  return parse(text, (_name, value, context) =>
    typeof value === 'number' ? BigInt(context?.source ?? Number.NaN) : value,
  );
}

/** `JSON.parse` with the reviver's third argument (ECMAScript "JSON.parse source text access"), which TypeScript's library lacks. */
type ExactParse = (
  text: string,
  reviver: (name: string, value: unknown, context?: { readonly source?: string }) => unknown,
) => unknown;

function isArray(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
