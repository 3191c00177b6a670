import { type CompiledBundle, compileBundle } from '../../bundles/compile.ts';
import { loadBundle } from '../../bundles/load.ts';
import { toPdpError } from '../../engine/error.ts';

/** Bundles ready to be judged by Cedar, the last few that were asked for. */
export interface JudgedBundles {
  /**
   * @param fetch gives the archive; asked only where the bundle is not held.
   * @throws PdpError where it does not load, also the next time, or what `fetch` throws.
   */
  get(digest: string, fetch: () => Promise<Uint8Array>): Promise<CompiledBundle>;
}

/** One that serves and the one before or beside it; at the limits each takes some hundred megabytes. */
const MAX_BUNDLES = 2;

/** Keeps what did not load too: it would not load the next time either, and trying costs seconds. */
export function createJudgedBundles(): JudgedBundles {
  const held = new Map<string, Promise<CompiledBundle>>();

  return {
    async get(digest, fetch) {
      const bundle = held.get(digest) ?? load(await fetch(), digest);
      // Last asked for stands last, so the first is the one to forget.
      held.delete(digest);
      for (const [oldest] of held) {
        if (held.size < MAX_BUNDLES) break;
        held.delete(oldest);
      }
      held.set(digest, bundle);

      return bundle;
    },
  };
}

async function load(archive: Uint8Array, digest: string): Promise<CompiledBundle> {
  try {
    return await compileBundle(await loadBundle(archive, digest, 'cedar'), 'cedar');
  } catch (error) {
    throw toPdpError(error);
  }
}
