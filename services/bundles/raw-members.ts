import { PdpError } from '../engine/error.ts';
import { type RawNode, RawObject, type RawUid } from '../engine/raw/raw.ts';
import { parseUidText } from './uid-text.ts';

/**
 * The members of an object that may have these names and no others.
 * @throws PdpError `invalid_request` naming the field.
 */
export function membersOf(
  raw: RawNode,
  field: string,
  names: { readonly required: readonly string[]; readonly optional?: readonly string[] },
): ReadonlyMap<string, RawNode> {
  if (!(raw instanceof RawObject)) throw invalid(field, 'must be an object');

  const { required, optional = [] } = names;
  for (const name of raw.entries.keys()) {
    if (required.includes(name) || optional.includes(name)) continue;
    throw invalid(fieldOf(field, name), 'is an unknown key');
  }
  for (const name of required) if (!raw.entries.has(name)) throw invalid(field, `has no ${name}`);

  return raw.entries;
}

/** @throws PdpError `invalid_request` where it is not a string. */
export function stringOf(raw: RawNode | undefined, field: string): string {
  if (typeof raw !== 'string') throw invalid(field, 'must be a string');

  return raw;
}

/** @throws PdpError `invalid_request` where it is not a list of strings. */
export function stringsOf(raw: RawNode | undefined, field: string): readonly string[] {
  return listOf(raw, field).map((element, index) => stringOf(element, `${field}[${index}]`));
}

/** @throws PdpError `invalid_request` where it is not a list. */
export function listOf(raw: RawNode | undefined, field: string): readonly RawNode[] {
  if (!Array.isArray(raw)) throw invalid(field, 'must be a list');

  return raw;
}

/** @throws PdpError `invalid_request` where it is not exactly `{"type": …, "id": …}`. */
export function uidOf(raw: RawNode | undefined, field: string): RawUid {
  const members = membersOf(raw ?? null, field, { required: ['type', 'id'] });

  return {
    type: stringOf(members.get('type'), `${field}.type`),
    id: stringOf(members.get('id'), `${field}.id`),
  };
}

/** @throws PdpError `invalid_request` where it is not an entity in Cedar text. */
export function uidTextOf(raw: RawNode | undefined, field: string): RawUid {
  const uid = parseUidText(stringOf(raw, field));
  if (uid === undefined) throw invalid(field, 'must be an entity such as User::"alice"');

  return uid;
}

export function invalid(field: string, message: string): PdpError {
  return new PdpError('invalid_request', field === '' ? message : `${field} ${message}`, { field });
}

/** A field inside another, in the words that the readers of JSON use. */
export function fieldOf(field: string, name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${field}[${JSON.stringify(name.slice(0, 64))}]`;

  return field === '' ? name : `${field}.${name}`;
}
