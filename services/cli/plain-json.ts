import type { JsonValue } from '../ledger/json.ts';

/**
 * Plain data as JSON: counts become integers, and members that are undefined are left out.
 * @throws TypeError on what JSON has no form for.
 */
export function plainJson(value: unknown): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return BigInt(value);
  if (Array.isArray(value)) return value.map(plainJson);
  if (typeof value !== 'object') throw new TypeError(`no JSON for ${typeof value}`);

  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      member === undefined ? [] : [[name, plainJson(member)]],
    ),
  );
}
