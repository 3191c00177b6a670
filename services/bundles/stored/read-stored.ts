import type { LoneEntity } from '../../engine/data/entity.ts';
import { EntityReader } from '../../engine/data/entity-reader.ts';
import { PdpError } from '../../engine/error.ts';
import { FieldPath } from '../../engine/raw/field-path.ts';
import type { RawNode } from '../../engine/raw/raw.ts';
import type { CompiledBundle } from '../compile.ts';
import { hasContent } from '../content.ts';
import { isNormalId, NOT_NORMAL } from '../normal-form.ts';

type Reader = Pick<CompiledBundle, 'schema' | 'sourceOf'>;

/**
 * Reads an entity that a store holds, by the schema of a bundle. Its parents may be in the store and in the bundle, whose entities its
 * digest fixes, and never in a request: a caller would decide what it stands below.
 * @param index its place in the list `entities` that errors name.
 * @throws PdpError `invalid_request` or `too_large`, naming a field such as `entities[3].attrs.level`.
 */
export function readStored({ schema, sourceOf }: Reader, raw: RawNode, index = 0): LoneEntity {
  const entity = new EntityReader(schema, new FieldPath('entities'), false).read(raw, index);
  const field = `entities[${index}]`;
  const { uid, parents } = entity;

  if (sourceOf(uid.type) !== 'store') {
    throw refused(`entities of type ${uid.type} come from the ${sourceOf(uid.type)}, not the store`, field);
  }
  if (!isNormalId(uid.id)) throw refused(`${field} ${NOT_NORMAL}`, field);

  for (const [at, parent] of parents.entries()) {
    const place = `${field}.parents[${at}]`;
    if (!isNormalId(parent.id)) throw refused(`${place} ${NOT_NORMAL}`, place);
    if (sourceOf(parent.type) !== 'request') continue;
    throw refused(`a stored entity cannot stand under ${parent.type}, which comes from the request`, place);
  }

  return entity;
}

/**
 * The parents that an entity names and its sources do not hold, of types with attributes, parents or tags: what stands above them
 * would be missed, and a forbid on it would not match.
 * @param holds whether the store or the bundle has an entity with this key.
 */
export function missingParents(
  { schema }: Pick<Reader, 'schema'>,
  { parents }: LoneEntity,
  holds: (key: string) => boolean,
): LoneEntity['parents'] {
  return parents.filter(({ key, type }) => hasContent(schema, type) && !holds(key));
}

function refused(message: string, field: string): PdpError {
  return new PdpError('invalid_request', message, { field });
}
