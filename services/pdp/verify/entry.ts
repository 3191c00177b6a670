import { judgeAgain } from './judge.ts';
import type { Judgement, VerificationCase } from './messages.ts';
import { serveCases } from './serve-cases.ts';

/** One that serves and the one before or beside it; at the limits each takes some hundred megabytes. */
const MAX_BUNDLES = 2;

await serveCases<VerificationCase, Judgement>(MAX_BUNDLES, async (one, bundle, stored) => {
  const judging = await bundle(one.digest, 'cedar');

  return stored((storedBy) => judgeAgain(judging, one, storedBy(judging)));
});
