import { type CompiledBundle, compileBundle } from '../bundles/compile.ts';
import { loadInWorker } from '../bundles/worker/load.ts';
import type { EvaluatorName } from '../engine/evaluator.ts';
import { getBundleArchive } from '../store/bundles.ts';
import type { Pool } from '../store/database.ts';

/** Where the archive of a bundle is fetched from. */
export type ArchiveOf = (digest: string) => Promise<Uint8Array>;

/**
 * Fetches a bundle, verifies that it is the one its digest names, and makes it ready to decide. Parsing happens in a worker;
 * what has to happen here is cut into short steps.
 * @throws PdpError where the bundle is not there, not itself, or does not load.
 */
export async function loadBundle(
  pool: Pool,
  digest: string,
  evaluator: EvaluatorName,
): Promise<CompiledBundle> {
  return loadBundleFrom((one) => getBundleArchive(pool, one), digest, evaluator);
}

/** The same from anywhere: wherever it lay, it is verified in the same way. */
export async function loadBundleFrom(
  archiveOf: ArchiveOf,
  digest: string,
  evaluator: EvaluatorName,
): Promise<CompiledBundle> {
  return compileBundle(await loadInWorker(await archiveOf(digest), digest, evaluator), evaluator);
}
