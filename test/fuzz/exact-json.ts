/** A JSON value as `JSON.parse` gives it, but with every number as the very text that stood there. */
export type Exact =
  | null
  | boolean
  | string
  | RawNumber
  | readonly Exact[]
  | { readonly [name: string]: Exact };

/** What `JSON.rawJSON` makes; `JSON.stringify` writes it as it was. */
export interface RawNumber {
  readonly rawJSON: string;
}

interface JsonWithSource {
  rawJSON(text: string): RawNumber;
  parse(
    text: string,
    reviver: (name: string, value: unknown, context: { readonly source: string }) => unknown,
  ): unknown;
}

const { rawJSON, parse } = JSON as unknown as JsonWithSource;

/** ECMAScript's own reader, so that it shares nothing with Palisade's; of a repeated name it keeps the last. */
export function parseExact(text: string): Exact {
  return parse(text, (_name, value, { source }) =>
    typeof value === 'number' ? rawJSON(source) : value,
  ) as Exact;
}

/** A number from its digits. */
export function exactNumber(digits: string): RawNumber {
  return rawJSON(digits);
}

/** Whether a name comes twice in one object of a text that is valid JSON: it then has more colons than its tree has names. */
export function repeatsNames(text: string): boolean {
  const colons = text.replace(/"(?:[^"\\]|\\.)*"/gs, '').split(':').length - 1;

  return colons !== namesIn(JSON.parse(text));
}

function namesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value);

  return members.reduce(
    (names: number, member) => names + namesIn(member),
    Array.isArray(value) ? 0 : members.length,
  );
}

export function isObject(value: Exact | undefined): value is { readonly [name: string]: Exact } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('rawJSON' in value);
}
