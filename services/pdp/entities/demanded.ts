import type { CompiledBundle } from '../../bundles/compile.ts';
import { type StoredEntities, storedEntities } from '../../bundles/stored/stored-entities.ts';
import type { LoneEntity } from '../../engine/data/entity.ts';
import { typeOfKey } from '../../engine/value/value.ts';
import type { HeldDocument } from './held-entities.ts';
import { readDocument } from './read-held.ts';

/** What a store held under keys; `null`: nothing. More may be told than was asked for. */
export type ToldEntities = ReadonlyMap<string, HeldDocument | null>;

/** What a store held, as one bundle reads it; `undefined` where the bundle does not ask for it. */
export type StoredBy = (bundle: CompiledBundle) => StoredEntities | undefined;

/** Each round brings all that is named by what the round before has asked for. */
const MAX_ROUNDS = 32;

/**
 * Decides where the entities of a store are not at hand: tries, asks for what was missed, and tries again until nothing is.
 * @param fetch tells of all keys that it is asked for.
 * @param body is run several times; only what it does the last time counts.
 * @throws what `body` throws, and `fetch`; Error where there is no end to what is missed.
 */
export async function demanding<Result>(
  fetch: (keys: readonly string[]) => Promise<ToldEntities>,
  body: (storedBy: StoredBy) => Result,
): Promise<Result> {
  const known = new Map<string, HeldDocument | null>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const missed = new Set<string>();
    const attempt = attempted(() => body((bundle) => storedBy(bundle, known, missed)));
    if (missed.size === 0) return attempt();

    const told = await fetch([...missed]);
    for (const [key, document] of told) known.set(key, document);
    for (const key of missed) if (!told.has(key)) throw new Error(`nothing was told of ${key}`);
  }

  throw new Error('what the store held is more than is asked for');
}

/** What failed may have failed for what was missed, so its error waits too. */
function attempted<Result>(body: () => Result): () => Result {
  try {
    const result = body();

    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function storedBy(
  bundle: CompiledBundle,
  known: ToldEntities,
  missed: Set<string>,
): StoredEntities | undefined {
  if (!bundle.readsStore) return undefined;
  const read = new Map<string, LoneEntity | undefined>();

  return storedEntities((key) => {
    if (read.has(key)) return read.get(key);
    if (bundle.sourceOf(typeOfKey(key)) !== 'store') return undefined;
    const document = known.get(key);
    if (document === undefined) missed.add(key);
    const entity =
      document === undefined || document === null ? undefined : readDocument(bundle, key, document);
    read.set(key, entity);

    return entity;
  }, bundle);
}
