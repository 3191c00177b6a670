import type { Database } from '../../store/database.ts';
import { currentRequirement } from '../../store/signature-requirements.ts';
import { signaturesBy } from '../../store/signatures.ts';
import type { HeldState } from '../held-state.ts';
import type { SavedArchives } from './archives.ts';
import type { SavedEntities } from './saved-entities.ts';
import { bundlesOf, type SavedBundle, type SavedState, type SavedStore } from './saved-state.ts';

/** What is served, with all that loading it again takes; archives and entities are on the disk then. */
export async function collectState(
  database: Database,
  { archives, entities }: { readonly archives: SavedArchives; readonly entities: SavedEntities },
  held: HeldState,
): Promise<Omit<SavedState, 'migration' | 'generation' | 'confirmed'>> {
  const bundles = new Map<string, SavedBundle>();
  const stores: SavedStore[] = [];
  for (const store of held.stores) {
    for (const digest of store.deployment === null ? [] : bundlesOf(store.deployment)) {
      if (!bundles.has(digest)) bundles.set(digest, await archives.ensure(digest));
    }
    const { entities: at, ...kept } = store;
    const pieces = await entities.ensure(store.name, at);
    const { requirement, signatures } = await signaturesOf(database, store);
    stores.push({
      ...{ ...kept, requirement, signatures },
      ...{ sequence: at.sequence, entities: [...pieces], last_write: at.lastWrite ?? null },
    });
  }
  const { installation, revision, credentials, overridden, glasses } = held;

  return {
    installation,
    revision,
    credentials: [...credentials],
    overridden: [...overridden],
    glasses: [...glasses],
    stores,
    bundles: [...bundles.values()],
  };
}

/** What the store requires and what of it there is: today's, whenever the bundle was taken over. */
async function signaturesOf(
  database: Database,
  { name: store, deployment }: HeldState['stores'][number],
): Promise<Pick<SavedStore, 'requirement' | 'signatures'>> {
  const found = await currentRequirement(database, store);
  if (found === undefined) return { requirement: null, signatures: [] };

  const { sequence, threshold, keys } = found;
  const digests = deployment === null || threshold === 0 ? [] : bundlesOf(deployment);
  const ids = keys.map(({ id }) => id);
  const signatures: SavedStore['signatures'] = [];
  for (const digest of digests) {
    signatures.push({ digest, texts: await signaturesBy(database, { digest, store }, ids) });
  }

  return { requirement: { sequence, threshold, keys: keys.map(({ x }) => x) }, signatures };
}
