import type { CompiledBundle } from '../../bundles/compile.ts';
import { decideByBundle } from '../../bundles/decide.ts';
import type { AskedRequest } from '../../bundles/inform.ts';
import { factsAt } from '../facts.ts';
import { readRecordedRequest } from '../verify/recorded.ts';
import type { Comparison, ComparisonCase, Side } from './messages.ts';

let turns = 0;

/** Judges a recorded decision by two bundles, each of them first in turn, so that neither finds the caches warmer. */
export function compare(
  active: CompiledBundle,
  candidate: CompiledBundle,
  { input, at }: Pick<ComparisonCase, 'input' | 'at'>,
): Comparison {
  const asked = readRecordedRequest(input);
  turns += 1;
  if (turns % 2 === 0)
    return { kind: 'compared', active: side(active, asked, at), candidate: side(candidate, asked, at) };

  const second = side(candidate, asked, at);

  return { kind: 'compared', active: side(active, asked, at), candidate: second };
}

/** Whatever is thrown is that bundle's failure: a candidate whose schema refuses a request fails too. */
function side(bundle: CompiledBundle, asked: AskedRequest, at: number): Side {
  const startedAt = performance.now();
  try {
    const { evaluation, verdict } = decideByBundle(bundle, asked, (names) => factsAt(at, names));
    const { decision, reasonCode } = verdict;

    return {
      bundle: bundle.ref,
      verdict: { decision, reasonCode, determining: evaluation.determining },
      failed: evaluation.errors.length > 0 || reasonCode === 'policy_error',
      tookMs: performance.now() - startedAt,
    };
  } catch {
    return { bundle: bundle.ref, verdict: undefined, failed: true, tookMs: performance.now() - startedAt };
  }
}
