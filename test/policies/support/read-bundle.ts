import { createCedar } from '../../../services/bundles/cedar.ts';
import { type CompiledBundle, compileBundle } from '../../../services/bundles/compile.ts';
import { type BundleDecision, decideByBundle } from '../../../services/bundles/decide.ts';
import type { BundleFiles } from '../../../services/bundles/files.ts';
import type { AskedRequest } from '../../../services/bundles/inform.ts';
import { parseBundle, partsOf } from '../../../services/bundles/parse.ts';
import { createProblems } from '../../../services/bundles/problems.ts';
import { testFacts } from '../../../services/bundles/test-facts.ts';
import { type BundleTest, readTests } from '../../../services/bundles/tests.ts';

/** A bundle that decides, and its tests. */
export interface TestedBundle {
  readonly compiled: CompiledBundle;
  readonly tests: readonly BundleTest[];
}

/** @throws Error where the files hold no bundle. */
export async function readBundle(files: BundleFiles): Promise<TestedBundle> {
  const problems = createProblems();
  const parts = partsOf(parseBundle(files, createCedar(), problems), files);
  const tests = readTests(files, problems);
  if (parts === undefined || problems.errors > 0) throw new Error(problems.sorted()[0]?.message);

  return { compiled: await compileBundle(parts), tests };
}

/** Decides by the given facts, in process. @throws PdpError where the request is refused. */
export function decideWith(
  { compiled }: TestedBundle,
  asked: AskedRequest,
  facts: BundleTest['facts'],
): BundleDecision {
  return decideByBundle(compiled, asked, testFacts(compiled, asked, facts));
}
