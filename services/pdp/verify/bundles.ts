import { type CompiledBundle, compileBundle } from '../../bundles/compile.ts';
import { loadBundle } from '../../bundles/load.ts';
import { toPdpError } from '../../engine/error.ts';
import type { EvaluatorName } from '../../engine/evaluator.ts';

/** Bundles ready to judge, the last few that were asked for. */
export interface JudgedBundles {
  /**
   * @param fetch gives the archive; asked only where the bundle is not held.
   * @throws PdpError where it does not load, also the next time, or what `fetch` throws.
   */
  get(digest: string, evaluator: EvaluatorName, fetch: () => Promise<Uint8Array>): Promise<CompiledBundle>;
}

/** Keeps what did not load too: it would not load the next time either, and trying costs seconds. */
export function createJudgedBundles(maxBundles: number): JudgedBundles {
  const held = new Map<string, Promise<CompiledBundle>>();

  return {
    async get(digest, evaluator, fetch) {
      const key = `${evaluator} ${digest}`;
      const bundle = held.get(key) ?? load(await fetch(), digest, evaluator);
      // Last asked for stands last, so the first is the one to forget.
      held.delete(key);
      for (const [oldest] of held) {
        if (held.size < maxBundles) break;
        held.delete(oldest);
      }
      held.set(key, bundle);

      return bundle;
    },
  };
}

async function load(archive: Uint8Array, digest: string, evaluator: EvaluatorName): Promise<CompiledBundle> {
  try {
    return await compileBundle(await loadBundle(archive, digest, evaluator), evaluator);
  } catch (error) {
    throw toPdpError(error);
  }
}
