import { serveCases } from '../verify/serve-cases.ts';
import { compare } from './compare.ts';
import type { Comparison, ComparisonCase } from './messages.ts';

/** Of one store that has both candidates, and one store more. */
const MAX_BUNDLES = 4;

await serveCases<ComparisonCase, Comparison>(MAX_BUNDLES, async (one, bundle, stored) => {
  const active = await bundle(one.active, one.evaluator);
  const candidate = await bundle(one.candidate, one.evaluator);

  return stored((storedBy) => compare(active, candidate, one, storedBy));
});
