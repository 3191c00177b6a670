import { type CompiledBundle, compileBundle } from '../../bundles/compile.ts';
import { loadBundle } from '../../bundles/load.ts';
import { PdpError } from '../../engine/error.ts';
import type { EvaluatorName } from '../../engine/evaluator.ts';
import { getBundleArchive } from '../../store/bundles.ts';
import type { Database } from '../../store/database.ts';
import type { UnreplayedReason } from './report.ts';

/** The bundle that a record names, or why it cannot be had. */
export type PastBundle = CompiledBundle | Extract<UnreplayedReason, 'bundle_missing' | 'bundle_unloadable'>;

/** The bundles that decided, the last few that were asked for. */
export interface PastBundles {
  /**
   * Answers at once where it is held.
   * @throws PdpError as `toStoreError` says: a database that does not answer says nothing about the bundle.
   */
  get(digest: string, evaluator: EvaluatorName): PastBundle | Promise<PastBundle>;
}

/** An active one, a canary, and the one before; at the limits each takes some hundred megabytes. */
const MAX_BUNDLES = 3;

/** @param agreed digests of bundles that are not held against Cedar again; see {@link ../../bundles/load.ts}. */
export function createPastBundles(database: Database, agreed: ReadonlySet<string>): PastBundles {
  const held = new Map<string, PastBundle>();
  let last: readonly [key: string, bundle: PastBundle] | undefined;

  return {
    get(digest, evaluator) {
      const key = `${evaluator} ${digest}`;
      if (last?.[0] === key) return last[1];
      const known = held.get(key);

      return known === undefined
        ? load(digest, evaluator).then((bundle) => keep(key, bundle))
        : keep(key, known);
    },
  };

  /** The last one asked for stands last, so the first is the one to forget. */
  function keep(key: string, bundle: PastBundle): PastBundle {
    held.delete(key);
    for (const [oldest] of held) {
      if (held.size < MAX_BUNDLES) break;
      held.delete(oldest);
    }
    held.set(key, bundle);
    last = [key, bundle];

    return bundle;
  }

  async function load(digest: string, evaluator: EvaluatorName): Promise<PastBundle> {
    const archive = await archiveOf(digest);
    if (archive === undefined) return 'bundle_missing';

    try {
      return await compileBundle(
        await loadBundle(archive, digest, evaluator, { agreed: agreed.has(digest) }),
        evaluator,
      );
    } catch {
      return 'bundle_unloadable';
    }
  }

  async function archiveOf(digest: string): Promise<Uint8Array | undefined> {
    try {
      return await getBundleArchive(database, digest);
    } catch (error) {
      if (error instanceof PdpError && error.code === 'not_found') return undefined;
      throw error;
    }
  }
}
