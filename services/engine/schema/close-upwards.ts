import { PdpError } from '../error.ts';

/** Steps over all of a hierarchy: about 0.1 s. A chain of a thousand types takes half of them. */
const MAX_STEPS = 1_000_000;

/**
 * All that stands above each name, directly or not. A name is above itself only where the hierarchy has a cycle through it,
 * as `entity Folder in [Folder]` has.
 * @throws PdpError `too_large` for a hierarchy that takes too long to close.
 */
export function closeUpwards(
  parents: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, ReadonlySet<string>> {
  let steps = 0;
  const closed = new Map<string, ReadonlySet<string>>();
  for (const [name, direct] of parents) {
    const above = new Set(direct);
    // A set that grows while it is walked is walked to its end.
    for (const reached of above) {
      for (const next of parents.get(reached) ?? []) above.add(next);
      steps += 1 + (parents.get(reached)?.length ?? 0);
      if (steps > MAX_STEPS) throw new PdpError('too_large', 'the hierarchy of the schema is too large');
    }
    closed.set(name, above);
  }

  return closed;
}
