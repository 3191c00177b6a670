import type { CompiledBundle } from '../../bundles/compile.ts';
import { readStored } from '../../bundles/stored/read-stored.ts';
import { type StoredEntities, storedEntities } from '../../bundles/stored/stored-entities.ts';
import type { LoneEntity } from '../../engine/data/entity.ts';
import { PdpError } from '../../engine/error.ts';
import { parseTrustedJson } from '../../engine/raw/json.ts';
import { mapInTurns } from '../turns.ts';
import { type HeldDocument, type HeldEntities, NOTHING_HELD } from './held-entities.ts';
import { emptyMap, type PersistentMap } from './persistent-map.ts';

/** What a store holds, read by the schema of one bundle. Immutable: a request that holds one sees one state. */
export interface ReadEntities extends StoredEntities {
  readonly sequence: bigint;
  readonly lone: PersistentMap<LoneEntity>;
}

/**
 * Reads what a store holds by the schema of a bundle, letting requests in between. Entities whose type the bundle takes from another
 * source are left out: a type has one source.
 * @param before an earlier state with the same bundle's reading of it, of which only what changed is read again.
 * @throws PdpError `precondition_failed` where an entity does not fit the bundle: all of it is read, or nothing.
 */
export async function readHeld(
  bundle: CompiledBundle,
  held: HeldEntities,
  before?: { readonly held: HeldEntities; readonly read: ReadEntities },
): Promise<ReadEntities> {
  const keys = held.documents.changedSince((before?.held ?? NOTHING_HELD).documents);
  const changes = await mapInTurns([...keys], (key) => {
    const document = held.documents.get(key);
    return [key, document === undefined ? undefined : readDocument(bundle, key, document)] as const;
  });
  const lone = (before?.read.lone ?? emptyMap<LoneEntity>()).with(changes);

  return { ...storedEntities(lone.get, bundle), sequence: held.sequence, lone };
}

/**
 * Reads one entity that a store holds; `undefined` where the bundle takes its type from another source.
 * @throws PdpError `precondition_failed` where it does not fit.
 */
export function readDocument(
  bundle: CompiledBundle,
  key: string,
  { type, text }: HeldDocument,
): LoneEntity | undefined {
  if (bundle.sourceOf(type) !== 'store') return undefined;

  try {
    const entity = readStored(bundle, parseTrustedJson(text));
    if (entity.uid.key !== key) throw new PdpError('internal', `it says that it is ${entity.uid.key}`);

    return entity;
  } catch (cause) {
    throw new PdpError(
      'precondition_failed',
      `the store's ${key} does not fit the bundle ${bundle.ref.digest}`,
      {
        cause,
      },
    );
  }
}
