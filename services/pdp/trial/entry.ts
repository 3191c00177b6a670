import { serveCases } from '../verify/serve-cases.ts';
import { compare } from './compare.ts';
import type { Comparison, ComparisonCase } from './messages.ts';

/** Of one store that has both candidates, and one store more. */
const MAX_BUNDLES = 4;

await serveCases<ComparisonCase, Comparison>(MAX_BUNDLES, async (one, bundle) =>
  compare(await bundle(one.active, one.evaluator), await bundle(one.candidate, one.evaluator), one),
);
