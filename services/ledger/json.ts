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
  if (!MAY_HOLD_NO_INTEGER.test(text)) {
    const holder = { parsed: JSON.parse(text) as unknown };
    if (makeExact(holder)) return holder.parsed;
  }

  const parse: ExactParse = JSON.parse;
  return parse(text, (_name, value, context) =>
    typeof value === 'number' ? BigInt(context?.source ?? Number.NaN) : value,
  );
}

/**
 * A number with a point or an exponent, where a number can stand; some texts within strings look the same. It looks back from what is rare,
 * which takes half as long as looking ahead from where numbers stand.
 */
const MAY_HOLD_NO_INTEGER = /(?<=(?:"\s*:|[,[]|^)\s*-?\d+)[.eE]/;

/**
 * Makes every number a bigint, in place: a reviver, which is called for each value, takes thrice the time.
 * @returns false where a number may have been rounded.
 */
function makeExact(container: Container): boolean {
  for (const name of Object.keys(container)) {
    const value = container[name];
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value)) return false;
      // Assigned, a member of this name would be lost.
      if (name === '__proto__') Object.defineProperty(container, name, { ...PLAIN, value: BigInt(value) });
      else container[name] = BigInt(value);
    } else if (typeof value === 'object' && value !== null && !makeExact(value as Container)) {
      return false;
    }
  }

  return true;
}

/** An object or an array that was just parsed. */
type Container = Record<string, unknown>;

const PLAIN = { configurable: true, enumerable: true, writable: true } as const;

/** `JSON.parse` with the reviver's third argument (ECMAScript "JSON.parse source text access"), which TypeScript's library lacks. */
type ExactParse = (
  text: string,
  reviver: (name: string, value: unknown, context?: { readonly source?: string }) => unknown,
) => unknown;

function isArray(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
