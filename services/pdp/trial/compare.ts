import { approvalThatLifts } from '../../bundles/approvals/lifted.ts';
import type { CompiledBundle } from '../../bundles/compile.ts';
import { decideByBundle } from '../../bundles/decide.ts';
import type { AskedRequest } from '../../bundles/inform.ts';
import type { Facts } from '../../engine/facts/assert.ts';
import type { StoredBy } from '../entities/demanded.ts';
import { factsAt, pastFacts } from '../facts.ts';
import { readRecordedRequest, readToldFacts } from '../verify/recorded.ts';
import type { Comparison, ComparisonCase, Side } from './messages.ts';

let turns = 0;

/** Judges a recorded decision by two bundles, each of them first in turn, so that neither finds the caches warmer. */
export function compare(
  active: CompiledBundle,
  candidate: CompiledBundle,
  { input, at, facts }: Pick<ComparisonCase, 'input' | 'at' | 'facts'>,
  storedBy: StoredBy = () => undefined,
): Comparison {
  const asked = readRecordedRequest(input);
  const told = { ...factsAt(at, ['now']), ...(facts === undefined ? {} : readToldFacts(active, facts)) };
  const past = new Map([active, candidate].map((bundle) => [bundle, pastFacts(bundle, asked, told)]));
  // What was not looked at then is not known now, and no fault of either.
  if ([...past.values()].includes(undefined)) {
    return {
      kind: 'failed',
      problem: 'the decision did not look at a fact that one of the bundles declares',
    };
  }
  const judge = (bundle: CompiledBundle): Side =>
    side(bundle, { asked, at, facts: () => past.get(bundle) ?? told, storedBy });
  turns += 1;
  if (turns % 2 === 0) return { kind: 'compared', active: judge(active), candidate: judge(candidate) };

  const second = judge(candidate);

  return { kind: 'compared', active: judge(active), candidate: second };
}

interface Compared extends Pick<ComparisonCase, 'at'> {
  readonly asked: AskedRequest;
  readonly facts: () => Facts;
  readonly storedBy: StoredBy;
}

/** Whatever is thrown is that bundle's failure: a candidate whose schema refuses a request fails too. */
function side(bundle: CompiledBundle, { asked, at, facts, storedBy }: Compared): Side {
  const startedAt = performance.now();
  try {
    const stored = storedBy(bundle);
    const options = stored === undefined ? {} : { stored };
    const decided = decideByBundle(bundle, asked, facts, options);
    const tookMs = performance.now() - startedAt;
    const { evaluation, verdict } = decided;
    const { decision } = verdict;
    const isForPeople = approvalThatLifts(bundle, decided, verdict, at) !== undefined;
    const reasonCode = isForPeople ? 'approval_required' : verdict.reasonCode;

    return {
      bundle: bundle.ref,
      verdict: { decision, reasonCode, determining: evaluation.determining },
      failed: evaluation.errors.length > 0 || reasonCode === 'policy_error',
      tookMs,
    };
  } catch {
    return { bundle: bundle.ref, verdict: undefined, failed: true, tookMs: performance.now() - startedAt };
  }
}
