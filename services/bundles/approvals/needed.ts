import { type ApprovalRequirement, uniteRules } from '../../engine/approval.ts';
import { approvalFact } from '../../engine/facts/values.ts';
import type { CedarRecord } from '../../engine/value/value.ts';
import type { Verdict } from '../../engine/verdict.ts';
import type { CompiledBundle } from '../compile.ts';
import type { BundleDecision } from '../decide.ts';

/** The answer so far. */
interface Said {
  readonly decision: Verdict['decision'];
  readonly reasonCode: string;
}

/**
 * Whose word the forbids want that stand in the way of a request.
 * @param said what the request would be answered without people.
 * @returns `undefined` where it is allowed, or none of what denies it yields to people. Whether it would be allowed with their word
 * is still to be judged: {@link couldLift}.
 */
export function approvalNeeded(
  { asksApproval, policies }: Pick<CompiledBundle, 'asksApproval' | 'policies'>,
  { evaluation }: Pick<BundleDecision, 'evaluation'>,
  said: Said,
): ApprovalRequirement | undefined {
  if (!asksApproval || said.decision === 'allow' || said.reasonCode !== 'forbidden') return undefined;
  const rules = evaluation.determining.flatMap((id) => policies.get(id)?.approval ?? []);

  return rules.length === 0 ? undefined : uniteRules(rules);
}

/**
 * Whether people could lift a denial: the request is judged again as if they had approved, before anybody knows who.
 * @param now milliseconds since the epoch.
 * @param judge judges it with this as its fact `approval`, and says what came of it.
 */
export function couldLift(
  requirement: ApprovalRequirement,
  now: number,
  judge: (approval: CedarRecord) => Verdict['decision'],
): boolean {
  return judge(supposedFact(requirement, now)) === 'allow';
}

function supposedFact({ groups }: ApprovalRequirement, now: number): CedarRecord {
  const most = Math.max(...groups.map(({ count }) => count));

  return approvalFact(
    Array.from({ length: most }, (_, at) => `approver ${at + 1}`),
    now,
  );
}
