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

  return untilNothingIsMissed(
    async (keys) => {
      for (const [key, document] of await fetch(keys)) known.set(key, document);
    },
    () => attempt((key) => known.get(key), body),
  );
}

/** See {@link demanding}, for whoever keeps what was told. */
export async function untilNothingIsMissed<Result>(
  fetch: (keys: readonly string[]) => Promise<void>,
  trying: () => Attempt<Result>,
): Promise<Result> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { missed, result } = trying();
    if (missed.length === 0) return result();
    await fetch(missed);
  }

  throw new Error('what the store held is more than is asked for');
}

/** What came of deciding with what was known. */
export interface Attempt<Result> {
  /** Keys that nothing was known of; empty: it stands. */
  readonly missed: readonly string[];
  /** Throws what the body has thrown, which may have been for what was missed. */
  readonly result: () => Result;
}

/**
 * Decides once with what is known.
 * @param documentOf what a store held under a key; `null`: nothing, `undefined`: that is not known.
 */
export function attempt<Result>(
  documentOf: (key: string) => HeldDocument | null | undefined,
  body: (storedBy: StoredBy) => Result,
): Attempt<Result> {
  const missed = new Set<string>();
  let result: () => Result;
  try {
    const settled = body((bundle) => storedBy(bundle, documentOf, missed));
    result = () => settled;
  } catch (error) {
    result = () => {
      throw error;
    };
  }

  return { missed: [...missed], result };
}

function storedBy(
  bundle: CompiledBundle,
  documentOf: (key: string) => HeldDocument | null | undefined,
  missed: Set<string>,
): StoredEntities | undefined {
  if (!bundle.readsStore) return undefined;

  return storedEntities((key) => {
    if (bundle.sourceOf(typeOfKey(key)) !== 'store') return undefined;
    const document = documentOf(key);
    if (document === undefined) missed.add(key);

    return document === undefined || document === null ? undefined : readOnce(bundle, key, document);
  }, bundle);
}

const readings = new WeakMap<CompiledBundle, WeakMap<HeldDocument, LoneEntity>>();

/** It is asked for again and again, by each walk upwards and each try. */
function readOnce(bundle: CompiledBundle, key: string, document: HeldDocument): LoneEntity | undefined {
  const known = readings.get(bundle) ?? new WeakMap<HeldDocument, LoneEntity>();
  readings.set(bundle, known);
  const entity = known.get(document) ?? readDocument(bundle, key, document);
  if (entity !== undefined) known.set(document, entity);

  return entity;
}
