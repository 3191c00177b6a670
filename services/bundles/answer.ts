import type { ApprovalRequirement } from '../engine/approval.ts';
import { approvalThatLifts } from './approvals/lifted.ts';
import type { CompiledBundle } from './compile.ts';
import type { BundleDecision } from './decide.ts';
import { type Use, verdictBeside } from './limits/use.ts';

/** A decision with the verdict that a server gives. */
export interface AnsweredDecision extends BundleDecision {
  /** Whose word it takes, where that is what the answer says. */
  readonly approval?: ApprovalRequirement;
}

/** What a server would know beside the facts. */
export interface World {
  readonly use: Use;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * What a server answers to a request that was decided, for tests and commands, where nothing is counted and nobody is asked: a
 * credential asks that supports every obligation, and nobody has been asked yet. People come before limits, as they do there: that
 * there is no room is said once they have approved.
 * @throws PdpError `invalid_request` where a cost is negative.
 */
export function answerBeside(
  bundle: CompiledBundle,
  decided: BundleDecision,
  { use, now }: World,
): AnsweredDecision {
  const verdict = verdictBeside(bundle, decided, use);
  const approval = approvalThatLifts(bundle, decided, verdict, now);
  if (approval === undefined) return { ...decided, verdict };

  return { ...decided, verdict: { ...verdict, reasonCode: 'approval_required' }, approval };
}
