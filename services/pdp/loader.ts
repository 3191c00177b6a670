import { type CompiledBundle, compileBundle } from '../bundles/compile.ts';
import { loadInWorker } from '../bundles/worker/load.ts';
import type { EvaluatorName } from '../engine/evaluator.ts';
import { getBundleArchive } from '../store/bundles.ts';
import type { Pool } from '../store/database.ts';

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
  const archive = await getBundleArchive(pool, digest);

  return compileBundle(await loadInWorker(archive, digest, evaluator), evaluator);
}
