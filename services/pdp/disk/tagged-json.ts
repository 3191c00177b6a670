/**
 * Writes plain data with the values that rows of PostgreSQL have and JSON has not: integers as `{"$int"}`, times as `{"$date"}`,
 * bytes as `{"$bytes"}`. A member that is `undefined` is left out.
 * @throws TypeError for anything else, since what is not written whole would come back as something else.
 */
export function taggedJson(value: unknown): string {
  return JSON.stringify(tagged(value));
}

/** Reads what {@link taggedJson} wrote; whoever asks holds the shape against what it expects. @throws SyntaxError, TypeError. */
export function readTaggedJson(text: string): unknown {
  return untagged(JSON.parse(text));
}

function tagged(value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'bigint') return { $int: String(value) };
  if (value instanceof Date) return { $date: value.toISOString() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(tagged);
  if (!isPlain(value)) throw new TypeError(`${typeof value} cannot be kept`);

  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.some(([name]) => name.startsWith('$')))
    throw new TypeError('a name that begins with $ cannot be kept');

  return Object.fromEntries(members.map(([name, member]) => [name, tagged(member)]));
}

function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (!isPlain(value)) return value;

  const members = Object.entries(value);
  const [first] = members;
  if (first?.[0].startsWith('$') === true) return taggedValue(members.length === 1 ? first : ['', undefined]);

  return Object.fromEntries(members.map(([name, member]) => [name, untagged(member)]));
}

function taggedValue([tag, text]: readonly [string, unknown]): unknown {
  if (typeof text !== 'string') throw new TypeError('a tagged value is a text');

  switch (tag) {
    case '$int':
      return BigInt(text);
    case '$date':
      return new Date(text);
    case '$bytes':
      return new Uint8Array(Buffer.from(text, 'base64'));
    default:
      throw new TypeError(`${tag} is no tag`);
  }
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);

  return prototype === Object.prototype || prototype === null;
}
