import type { CompiledBundle } from '../bundles/compile.ts';
import type { EvaluatorName } from '../engine/evaluator.ts';
import type { SavedSource } from './disk/saved-source.ts';
import type { ArchiveOf } from './loader.ts';

/** Fetches, verifies and compiles a bundle off the request thread. */
export type LoadBundle = (
  digest: string,
  evaluator: EvaluatorName,
  /** Absent: from PostgreSQL. */
  archiveOf?: ArchiveOf,
) => Promise<CompiledBundle>;

/** The bundles of a process: each is compiled once, however many stores run it. */
export interface BundleCache {
  /**
   * The bundle as this evaluator judges it, loaded where it is not there.
   * @param saved where its archive is; absent: PostgreSQL has it.
   * @throws what loading it throws; the next call tries again.
   */
  get(digest: string, evaluator: EvaluatorName, saved?: SavedSource): Promise<CompiledBundle>;
  /** Keeps bundles that nobody serves yet while `body` runs. */
  holding<Result>(digests: readonly string[], body: () => Promise<Result>): Promise<Result>;
  /** Forgets all that is neither used nor held. */
  keepOnly(used: Iterable<string>): void;
}

interface Loading {
  readonly evaluator: EvaluatorName;
  readonly bundle: Promise<CompiledBundle>;
}

export function createBundleCache(load: LoadBundle): BundleCache {
  const compiled = new Map<string, Loading>();
  /** A digest may stand here more than once. */
  const held: string[] = [];

  return {
    get(digest, evaluator, saved) {
      const known = compiled.get(digest);
      if (known?.evaluator === evaluator) return known.bundle;

      const bundle = saved === undefined ? load(digest, evaluator) : load(digest, evaluator, saved.archiveOf);
      const loading: Loading = { evaluator, bundle };
      compiled.set(digest, loading);
      bundle.catch(() => {
        if (compiled.get(digest) === loading) compiled.delete(digest);
      });

      return bundle;
    },

    async holding(digests, body) {
      held.push(...digests);
      try {
        return await body();
      } finally {
        for (const digest of digests) held.splice(held.indexOf(digest), 1);
      }
    },

    keepOnly(used) {
      const kept = new Set([...held, ...used]);
      for (const digest of compiled.keys()) if (!kept.has(digest)) compiled.delete(digest);
    },
  };
}
