import type { ApprovalRequirement } from '../../engine/approval.ts';
import type { CedarRecord } from '../../engine/value/value.ts';
import type { Verdict } from '../../engine/verdict.ts';
import type { CompiledBundle } from '../compile.ts';
import { type BundleDecision, decideInformed } from '../decide.ts';
import { assertFacts, type InformedRequest } from '../inform.ts';
import { unknownTaken } from '../limits/use.ts';
import { approvalNeeded, couldLift } from './needed.ts';

/**
 * Whose word would lift a denial, found where there is no server to ask: by the request as it was informed, with the approval beside its
 * other facts. What was judged with an approval already is not asked again, as a server does not.
 * @param said the answer without people.
 * @param now milliseconds since the epoch: when they would have approved.
 * @param supports whether whoever asks can do what the allow would oblige to; a server asks nobody for what it would deny then.
 */
export function approvalThatLifts(
  bundle: CompiledBundle,
  decided: BundleDecision,
  said: Pick<Verdict, 'decision' | 'reasonCode'>,
  now: number,
  supports: (obligations: Verdict['obligations']) => boolean = () => true,
): ApprovalRequirement | undefined {
  const { informed } = decided;
  const requirement = approvalNeeded(bundle, decided, said);
  if (requirement === undefined || informed.facts.approval !== undefined) return undefined;

  const lifts = couldLift(requirement, now, (approval) => {
    const { verdict } = decideInformed(bundle, supposing(bundle, informed, approval));
    const stands = supports(verdict.obligations) && unknownTaken(bundle, informed) === undefined;

    return stands ? verdict.decision : 'deny';
  });

  return lifts ? requirement : undefined;
}

function supposing(bundle: CompiledBundle, informed: InformedRequest, approval: CedarRecord) {
  const action = bundle.actions.get(informed.request.action.key);
  if (action === undefined) return informed;

  return assertFacts({ ...informed, action }, () => ({ ...informed.facts, approval }));
}
