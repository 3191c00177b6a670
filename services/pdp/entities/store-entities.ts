import type { CompiledBundle } from '../../bundles/compile.ts';
import { type HeldEntities, NOTHING_HELD } from './held-entities.ts';
import { type ReadEntities, readHeld } from './read-held.ts';

/** What a store holds at one state, and how each bundle that decides there and asks for it reads it. Immutable. */
export interface StoreEntities {
  readonly held: HeldEntities;
  readonly read: ReadonlyMap<CompiledBundle, ReadEntities>;
}

export const NO_ENTITIES: StoreEntities = { held: NOTHING_HELD, read: new Map() };

/**
 * Reads a state by all bundles that decide by it, or by none.
 * @param before an earlier state; what the same bundle has read of it is not read again.
 * @throws PdpError `precondition_failed` where an entity does not fit one of them.
 */
export async function readBy(
  bundles: readonly (CompiledBundle | undefined)[],
  held: HeldEntities,
  before: StoreEntities,
): Promise<StoreEntities> {
  const read = new Map<CompiledBundle, ReadEntities>();
  for (const bundle of bundles) {
    if (bundle?.readsStore !== true) continue;
    const known = before.read.get(bundle);
    const earlier = known === undefined ? undefined : { held: before.held, read: known };
    read.set(bundle, await readHeld(bundle, held, earlier));
  }

  return { held, read };
}
