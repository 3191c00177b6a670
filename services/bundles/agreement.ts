import { createWholeSetJudge } from '../engine/cedar/whole-set.ts';
import { PdpError } from '../engine/error.ts';
import type { EvaluationRequest, Evaluator } from '../engine/evaluator.ts';
import { LIMITS } from '../engine/limits.ts';
import { type BundleParts, type CompiledBundle, compileBundle } from './compile.ts';
import { informRequest } from './inform.ts';
import { createSampler } from './sample-request.ts';
import { withListed } from './stored/listed.ts';
import { testFacts } from './test-facts.ts';
import type { BundleTest } from './tests.ts';

/** A request that the two evaluators judge differently. */
export interface Disagreement {
  /** The test, or the policy that the request was made for. */
  readonly where: string;
  readonly compiled: string;
  readonly cedar: string;
}

type Judge = Pick<Evaluator, 'evaluate'>;

/** Requests made from scopes: a slice that Cedar has not seen costs it about a millisecond. */
const MAX_SAMPLES = 1_000;

/**
 * Judges every test of a bundle and a request made for each of its policies by both evaluators. Cedar's own is right wherever they
 * differ, so a bundle on which they do is not served by the compiled one.
 * @returns the first difference; `undefined`: there is none.
 */
export async function findDisagreement(
  parts: BundleParts,
  tests: readonly BundleTest[],
): Promise<Disagreement | undefined> {
  const compiled = await compileBundle(parts, 'compiled');

  return firstDifference(compiled, await judgeOf(parts), requestsOf(parts.policies, compiled, tests));
}

/** Where a request pays little for every policy, Cedar judges without slices, which also holds the slicing to account. */
async function judgeOf(parts: BundleParts): Promise<Judge> {
  if (parts.policies.length <= LIMITS.slice_policies) {
    return createWholeSetJudge(parts.schemaText, parts.policies);
  }

  return (await compileBundle(parts, 'cedar')).evaluator;
}

/** The first of some requests that a bundle's own evaluator judges other than Cedar's. */
export function firstDifference(
  { evaluator }: { readonly evaluator: Judge },
  cedar: Judge,
  requests: Iterable<readonly [where: string, request: EvaluationRequest]>,
): Disagreement | undefined {
  for (const [where, request] of requests) {
    const ours = verdictOf(evaluator, request);
    const theirs = verdictOf(cedar, request);
    // What is over a limit of one evaluator alone is refused there, and nothing to compare.
    if (ours === OVER_LIMIT || theirs === OVER_LIMIT || ours === theirs) continue;

    return { where, compiled: ours, cedar: theirs };
  }

  return undefined;
}

/** Every test, and a request for the scope of each policy. */
export function* requestsOf(
  policies: BundleParts['policies'],
  bundle: CompiledBundle,
  tests: readonly BundleTest[],
): Generator<readonly [string, EvaluationRequest]> {
  for (const { name, asked, facts } of tests) {
    const request = informed(bundle, asked, facts);
    if (request !== undefined) yield [`the test ${JSON.stringify(name)}`, request];
  }

  const sampler = createSampler(bundle.schema);
  const seen = new Set<string>();
  for (const { id, scope } of policies) {
    const sample = sampler.sample(scope);
    if (sample === undefined || seen.has(sample.key)) continue;
    if (seen.size === MAX_SAMPLES) return;
    seen.add(sample.key);
    yield [`a request made for ${id}`, sample.request];
  }
}

/** A test may want its request to be refused; then there is nothing to judge. */
function informed(
  bundle: CompiledBundle,
  asked: BundleTest['asked'],
  facts: BundleTest['facts'],
): EvaluationRequest | undefined {
  try {
    return withListed(
      bundle,
      asked,
      (own, options) => informRequest(bundle, own, testFacts(bundle, asked, facts), options).request,
    );
  } catch (error) {
    if (error instanceof PdpError) return undefined;
    throw error;
  }
}

const OVER_LIMIT = 'too_large';

function verdictOf(evaluator: Judge, request: EvaluationRequest): string {
  try {
    const { decision, determining, errors } = evaluator.evaluate(request);

    return `${decision} by [${determining.join()}], failing [${errors.map(({ policyId }) => policyId).join()}]`;
  } catch (error) {
    if (error instanceof PdpError) return error.code;
    throw error;
  }
}
