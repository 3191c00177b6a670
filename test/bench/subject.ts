import { writeArchive } from '../../services/bundles/archive.ts';
import { type BundleParts, type CompiledBundle, compileBundle } from '../../services/bundles/compile.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import type { BundleFiles } from '../../services/bundles/files.ts';
import { informRequest } from '../../services/bundles/inform.ts';
import { loadInWorker } from '../../services/bundles/worker/load.ts';
import type { WorkerOptions } from '../../services/bundles/worker/run.ts';
import type { EvaluationRequest, Evaluator } from '../../services/engine/evaluator.ts';
import { parseJson } from '../../services/engine/raw/json.ts';
import type { Question, Workload } from './question.ts';

/** Everything that one figure of the engine is measured on. */
export interface Subject {
  readonly name: string;
  readonly compiled: Evaluator;
  /** Cedar's own, over the same policies; absent where nothing is compared. */
  readonly cedar: Evaluator | undefined;
  readonly cases: readonly Case[];
}

interface Case {
  readonly request: EvaluationRequest;
  readonly want: Question['want'];
}

export async function prepareSubject(
  name: string,
  { files, question }: Workload,
  requests: number,
  compareCedar: boolean,
  signal: AbortSignal,
): Promise<Subject> {
  const parts = await loadFiles(files, { signal });
  const bundle = await compileBundle(parts);
  const cases = Array.from({ length: requests }, (_, index): Case => {
    const asked = question(index);

    return { request: readQuestion(bundle, asked), want: asked.want };
  });

  return {
    name,
    compiled: bundle.evaluator,
    cedar: compareCedar ? (await compileBundle(parts, 'cedar')).evaluator : undefined,
    cases,
  };
}

/** Reads a bundle as a server does that is about to serve it. */
export function loadFiles(files: BundleFiles, options?: WorkerOptions): Promise<BundleParts> {
  return loadInWorker(writeArchive(files), bundleDigest(files), 'compiled', options);
}

/**
 * From the texts of a request to engine values, with all checks.
 * @throws PdpError `invalid_request` or `too_large`.
 */
export function readQuestion(
  bundle: CompiledBundle,
  { principal, action, resource, context, entities }: Omit<Question, 'want'>,
): EvaluationRequest {
  const asked = {
    principal,
    action,
    resource,
    context: parseJson(context, 'context'),
    entities: parseJson(entities, 'entities'),
  };

  return informRequest(bundle, asked, () => ({})).request;
}
