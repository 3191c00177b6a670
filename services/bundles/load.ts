import { PdpError } from '../engine/error.ts';
import type { EvaluatorName } from '../engine/evaluator.ts';
import { findDisagreement } from './agreement.ts';
import { readArchive } from './archive.ts';
import { createCedar } from './cedar.ts';
import type { BundleParts } from './compile.ts';
import { bundleDigest } from './digest.ts';
import { parseBundle, partsOf } from './parse.ts';
import { renderProblem } from './problem.ts';
import { createProblems } from './problems.ts';
import { type BundleTest, readTests } from './tests.ts';

export interface LoadOptions {
  readonly agreed?: boolean;
}

/**
 * Reads a stored bundle for serving: verifies that it is the one that is asked for, and parses it again by all the rules of
 * reading. Validation and tests were done before it was stored. Blocks; see {@link ./worker.ts}.
 * @param evaluator that is going to judge; the compiled one is held against Cedar first, on every test and a sample.
 * @param options.agreed where this process has done that already: it takes three quarters of the time, and would find the same.
 * @throws PdpError `precondition_failed` for another digest and where evaluators differ, `invalid_request` or `too_large` for what cannot be read.
 */
export async function loadBundle(
  archive: Uint8Array,
  expectedDigest: string,
  evaluator: EvaluatorName,
  { agreed = false }: LoadOptions = {},
): Promise<BundleParts> {
  const files = readArchive(archive);
  const digest = bundleDigest(files);
  if (digest !== expectedDigest) {
    throw new PdpError('precondition_failed', `the archive holds ${digest}, not ${expectedDigest}`, {
      field: 'bundle',
    });
  }

  const problems = createProblems();
  const parts = partsOf(parseBundle(files, createCedar(), problems), files);
  if (parts === undefined || problems.errors > 0) {
    const first = problems.sorted().find(({ severity }) => severity === 'error');
    throw new PdpError('invalid_request', 'the stored bundle does not pass the rules of reading', {
      field: 'bundle',
      cause: first === undefined ? undefined : new Error(renderProblem(first)),
    });
  }

  if (evaluator === 'compiled' && !agreed) await assertAgreement(parts, readTests(files, createProblems()));

  return parts;
}

/** Where this process judges other than Cedar, it does not serve the bundle; it goes on with the one before. */
async function assertAgreement(parts: BundleParts, tests: readonly BundleTest[]): Promise<void> {
  const found = await findDisagreement(parts, tests);
  if (found === undefined) return;

  const { where, compiled, cedar } = found;
  throw new PdpError(
    'precondition_failed',
    'the compiled evaluator judges this bundle other than Cedar does',
    {
      field: 'bundle',
      cause: new Error(`${where}: compiled ${compiled}, Cedar ${cedar}`),
    },
  );
}
