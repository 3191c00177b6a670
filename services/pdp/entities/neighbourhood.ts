import type { LoneEntity } from '../../engine/data/entity.ts';
import { LIMITS } from '../../engine/limits.ts';
import { namedByEntity } from '../../engine/reach.ts';
import type { ToldEntities } from './demanded.ts';
import type { HeldDocument } from './held-entities.ts';
import type { StoreEntities } from './store-entities.ts';

/** Characters of documents that are told besides those that were asked for. */
const MAX_CHARS = 4 * 1024 * 1024;

/**
 * What a store holds under keys and, since evaluating is likely to ask for it next, what is named there, as far as a bundle that decides
 * in this process has read it.
 */
export function neighbourhood({ held, read }: StoreEntities, keys: readonly string[]): ToldEntities {
  const told = new Map<string, HeldDocument | null>();
  for (const key of keys) told.set(key, held.documents.get(key) ?? null);

  const readings = [...read.values()];
  const loneOf = (key: string): LoneEntity | undefined =>
    readings.map(({ lone }) => lone.get(key)).find((lone) => lone !== undefined);
  let chars = 0;
  const open = [...keys];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    const lone = loneOf(key);
    for (const uid of lone === undefined ? [] : namedByEntity(lone)) {
      const document = told.has(uid.key) ? undefined : held.documents.get(uid.key);
      if (document === undefined) continue;
      chars += document.text.length;
      if (chars > MAX_CHARS || told.size > LIMITS.reached_entities) return told;
      told.set(uid.key, document);
      open.push(uid.key);
    }
  }

  return told;
}
