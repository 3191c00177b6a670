import type { Evaluation } from '../engine/evaluator.ts';
import type { Facts } from '../engine/facts/assert.ts';
import { settleEvaluation, type Verdict } from '../engine/verdict.ts';
import type { BundleAction, CompiledBundle } from './compile.ts';
import { type AskedRequest, type InformedRequest, type InformOptions, informRequest } from './inform.ts';

export interface BundleDecision {
  readonly informed: InformedRequest;
  readonly evaluation: Evaluation;
  readonly verdict: Verdict;
}

/**
 * Decides one request by one bundle, alone: what the tests of a bundle run, and what the PDP does between selecting a
 * bundle and recording.
 * @throws PdpError where the request does not fit the bundle or could not be evaluated.
 */
export function decideByBundle(
  bundle: CompiledBundle,
  asked: AskedRequest,
  facts: (names: BundleAction['facts']) => Facts,
  options: InformOptions = {},
): BundleDecision {
  return decideInformed(bundle, informRequest(bundle, asked, facts, options));
}

/** The same for a request that was informed before. */
export function decideInformed(bundle: CompiledBundle, informed: InformedRequest): BundleDecision {
  const evaluation = bundle.evaluator.evaluate(informed.request);

  return { informed, evaluation, verdict: settleEvaluation(evaluation, (id) => bundle.policies.get(id)) };
}
