import { JSON_DIALECT } from '../../engine/data/dialect.ts';
import type { LoneEntity } from '../../engine/data/entity.ts';
import { PdpError } from '../../engine/error.ts';
import { type RawNode, RawObject, type TypedEntityInput } from '../../engine/raw/raw.ts';
import type { CompiledBundle } from '../compile.ts';
import type { AskedRequest, InformOptions } from '../inform.ts';
import { missingParents, readStored } from './read-stored.ts';
import { type StoredEntities, storedEntities } from './stored-entities.ts';

/** An entity of a list, with its place there. */
type Listed = readonly [item: RawNode | TypedEntityInput, position: number];

/**
 * For tests and commands, where there is no server: what a request lists of the types whose source is the store counts as what the
 * store holds, and the rest as the request's own. A server never does so.
 * @throws what `body` throws, and PdpError `invalid_request` or `too_large` for what is listed; each names the place in the whole list.
 */
export function withListed<Result>(
  bundle: CompiledBundle,
  asked: AskedRequest,
  body: (asked: AskedRequest, options: InformOptions) => Result,
): Result {
  if (!bundle.readsStore || !Array.isArray(asked.entities)) return body(asked, {});

  const items: readonly (RawNode | TypedEntityInput)[] = asked.entities;
  const all = items.map((item, position): Listed => [item, position]);
  const isStored = ([item]: Listed): boolean => bundle.sourceOf(typeOf(item) ?? '') === 'store';
  const own = all.filter((listed) => !isStored(listed));
  const stored = heldBy(bundle, all.filter(isStored));
  // Of one kind, as the list was: from JSON or typed.
  const entities = own.map(([item]) => item) as AskedRequest['entities'];

  try {
    return body({ ...asked, entities }, { stored });
  } catch (error) {
    throw error instanceof PdpError ? inWholeList(error, own) : error;
  }
}

function typeOf(item: RawNode | TypedEntityInput): string | undefined {
  if (!(item instanceof RawObject)) return undefined;

  return JSON_DIALECT.uidIn(item.entries.get('uid') ?? null)?.type;
}

/** Held to what a store is held to when it is written. */
function heldBy(bundle: CompiledBundle, listed: readonly Listed[]): StoredEntities {
  const held = new Map<string, LoneEntity>();
  for (const [item, position] of listed) {
    const entity = readStored(bundle, item as RawNode, position);
    if (held.has(entity.uid.key)) throw refused(`${entity.uid.key} is listed twice`, `entities[${position}]`);
    held.set(entity.uid.key, entity);
  }

  const stored = storedEntities((key) => held.get(key), bundle);
  const holds = (key: string): boolean => held.has(key) || bundle.entities.has(key);
  const positions = listed.map(([, position]) => position);
  for (const [at, entity] of [...held.values()].entries()) {
    const [missing] = missingParents(bundle, entity, holds);
    const field = `entities[${positions[at]}].parents`;
    if (missing !== undefined) throw refused(`the parent ${missing.key} is missing: list it too`, field);
    stored.entity(entity.uid.key);
  }

  return stored;
}

function inWholeList(error: PdpError, own: readonly Listed[]): PdpError {
  const { code, field, limit, retryAfterMs, cause, message } = error;
  if (field === undefined) return error;
  const move = (text: string): string =>
    text.replaceAll(/\bentities\[(\d+)\]/g, (_whole, at) => `entities[${own[Number(at)]?.[1] ?? at}]`);

  return new PdpError(code, move(message), {
    field: move(field),
    ...(limit === undefined ? {} : { limit }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause,
  });
}

function refused(message: string, field: string): PdpError {
  return new PdpError('invalid_request', message, { field });
}
