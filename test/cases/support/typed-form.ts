import { parseJson } from '../../../services/engine/raw/json.ts';
import { isRawArray, type RawNode, RawObject } from '../../../services/engine/raw/raw.ts';
import type { AuthorizeRequest } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import type { Entity } from '../../../services/pdp/wire/generated/palisade/v1/Entity.ts';
import type { EntityUid } from '../../../services/pdp/wire/generated/palisade/v1/EntityUid.ts';
import type { Record } from '../../../services/pdp/wire/generated/palisade/v1/Record.ts';
import type { Value } from '../../../services/pdp/wire/generated/palisade/v1/Value.ts';
import { grpcMessage, type Question } from '../../support/question.ts';

/**
 * The AuthorizeRequest with its context and entities as typed values; `undefined` where one of them has no such form, as a
 * fraction has none.
 */
export function typedMessage({ context, entities, ...asked }: Question): AuthorizeRequest | undefined {
  const record = context === undefined ? {} : recordOf(parseJson(context, 'context'));
  const list = entities === undefined ? [] : entitiesOf(parseJson(entities, 'entities'));
  if (record === undefined || list === undefined) return undefined;

  return { ...grpcMessage(asked), context: record, entities: { entities: list } };
}

function typedValue(raw: RawNode): Value | undefined {
  if (typeof raw === 'boolean') return { bool: raw };
  if (typeof raw === 'bigint') return { long: raw.toString() };
  if (typeof raw === 'string') return { string: raw };
  if (isRawArray(raw)) {
    const elements = allOf(raw.map(typedValue));
    return elements && { set: { elements } };
  }

  return referenceOf(raw) ?? callOf(raw) ?? recordValueOf(raw);
}

function referenceOf(raw: RawNode): Value | undefined {
  const reference = onlyMember(raw, '__entity');
  const entity = reference === undefined ? undefined : uidOf(reference);

  return entity && { entity };
}

function callOf(raw: RawNode): Value | undefined {
  const call = onlyMember(raw, '__extn');
  if (!(call instanceof RawObject)) return undefined;
  const fn = call.entries.get('fn');
  const arg = call.entries.get('arg');

  return typeof fn === 'string' && typeof arg === 'string'
    ? { extension: { fn, args: [{ string: arg }] } }
    : undefined;
}

function recordValueOf(raw: RawNode): Value | undefined {
  const record = recordOf(raw);

  return record && { record };
}

function recordOf(raw: RawNode): Record | undefined {
  if (!(raw instanceof RawObject)) return undefined;
  const fields = allOf(
    [...raw.entries].map(([name, member]) => {
      const value = typedValue(member);
      return value && { name, value };
    }),
  );

  return fields && { fields };
}

function entitiesOf(raw: RawNode): Entity[] | undefined {
  return isRawArray(raw) ? allOf(raw.map(entityOf)) : undefined;
}

function entityOf(raw: RawNode): Entity | undefined {
  if (!(raw instanceof RawObject)) return undefined;
  const { entries } = raw;
  const uid = uidOf(entries.get('uid') ?? null);
  const attrs = recordOf(entries.get('attrs') ?? null);
  const tags = recordOf(entries.get('tags') ?? new RawObject(new Map()));
  const listed = entries.get('parents');
  const parents = isRawArray(listed) ? allOf(listed.map(uidOf)) : undefined;
  if (uid === undefined || attrs === undefined || tags === undefined || parents === undefined)
    return undefined;

  return { uid, attrs, tags, parents };
}

function uidOf(raw: RawNode): EntityUid | undefined {
  if (!(raw instanceof RawObject)) return undefined;
  const type = raw.entries.get('type');
  const id = raw.entries.get('id');

  return typeof type === 'string' && typeof id === 'string' ? { type, id } : undefined;
}

function onlyMember(raw: RawNode, name: string): RawNode | undefined {
  return raw instanceof RawObject && raw.entries.size === 1 ? raw.entries.get(name) : undefined;
}

function allOf<T>(items: readonly (T | undefined)[]): T[] | undefined {
  const there = items.filter((item) => item !== undefined);

  return there.length === items.length ? there : undefined;
}
