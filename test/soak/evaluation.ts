import { writeArchive } from '../../services/bundles/archive.ts';
import { type CompiledBundle, compileBundle } from '../../services/bundles/compile.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { informRequest } from '../../services/bundles/inform.ts';
import { loadInWorker } from '../../services/bundles/worker/load.ts';
import { parseJson } from '../../services/engine/raw/json.ts';
import { largeBundle, largeRequest, requestsOf } from './large-bundle.ts';
import { median } from './memory.ts';

const ROUNDS = 5_000;

/** Median time of one evaluation in microseconds with so many policies, once each slice was parsed. */
export async function evaluationMicroseconds(policies: number): Promise<number> {
  const files = largeBundle(policies);
  const bundle = await compileBundle(await loadInWorker(writeArchive(files), bundleDigest(files)));
  const requests = requestsOf(policies);
  for (let request = 0; request < requests; request += 1) evaluationMs(bundle, request);
  const times = Array.from({ length: ROUNDS }, (_, round) => evaluationMs(bundle, round % requests));

  return 1_000 * median(times);
}

function evaluationMs(bundle: CompiledBundle, group: number): number {
  const { context, ...asking } = largeRequest(group);
  const asked = { ...asking, context: parseJson(JSON.stringify(context), 'context'), entities: [] };
  const { request } = informRequest(bundle, asked, () => ({}));
  const startedAt = performance.now();
  const { decision } = bundle.evaluator.evaluate(request);
  const took = performance.now() - startedAt;
  if (decision !== 'allow') throw new Error(`request ${group} was denied`);

  return took;
}
