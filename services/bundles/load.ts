import { PdpError } from '../engine/error.ts';
import { readArchive } from './archive.ts';
import { createCedar } from './cedar.ts';
import type { BundleParts } from './compile.ts';
import { bundleDigest } from './digest.ts';
import { parseBundle, partsOf } from './parse.ts';
import { renderProblem } from './problem.ts';
import { createProblems } from './problems.ts';

/**
 * Reads a stored bundle for serving: verifies that it is the one that is asked for, and parses it again by all the rules of
 * reading. Validation and tests were done before it was stored. Blocks; see {@link ./worker.ts}.
 * @throws PdpError `precondition_failed` for another digest, `invalid_request` or `too_large` for what cannot be read.
 */
export function loadBundle(archive: Uint8Array, expectedDigest: string): BundleParts {
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

  return parts;
}
