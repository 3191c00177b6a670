import type { CompiledBundle } from '../../bundles/compile.ts';
import { type ApprovalRequirement, uniteRules } from '../../engine/approval.ts';
import { approvalFact } from '../../engine/facts/values.ts';
import type { CedarRecord } from '../../engine/value/value.ts';
import type { Judged } from '../judge.ts';

/**
 * Whose word the forbids want that stand in the way of a request.
 * @returns `undefined` where it is allowed, or none of what denies it yields to people. Whether it would be allowed with their word
 * is still to be judged.
 */
export function approvalNeeded(
  { asksApproval, policies }: Pick<CompiledBundle, 'asksApproval' | 'policies'>,
  { decided, settled }: Judged,
): ApprovalRequirement | undefined {
  if (!asksApproval || settled.decision === 'allow' || settled.reasonCode !== 'forbidden') return undefined;
  const rules = decided.evaluation.determining.flatMap((id) => policies.get(id)?.approval ?? []);

  return rules.length === 0 ? undefined : uniteRules(rules);
}

/** The fact as it would be if people approved now, before anybody knows who. */
export function supposedFact({ groups }: ApprovalRequirement, now: number): CedarRecord {
  const most = Math.max(...groups.map(({ count }) => count));

  return approvalFact(
    Array.from({ length: most }, (_, at) => `approver ${at + 1}`),
    now,
  );
}
