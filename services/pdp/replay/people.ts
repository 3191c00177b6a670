import { approvalThatLifts } from '../../bundles/approvals/lifted.ts';
import { approvalNeeded } from '../../bundles/approvals/needed.ts';
import type { CompiledBundle } from '../../bundles/compile.ts';
import type { BundleDecision } from '../../bundles/decide.ts';
import type { PastDecision } from '../../ledger/history.ts';

/** Reasons of denials that are left to people. */
export const PEOPLE_CODES: ReadonlySet<string> = new Set(['approval_required', 'approval_invalid']);

/**
 * The reason of a verdict that was made again, as a server would tell it that asks people. An approval is good for one bundle alone, so
 * one that was not good would not be for another. Where people could not have been asked then, nor are they now: the run did not stand,
 * or the effect of policies was monitored. Obligations count as supported where the record shows that somebody got as far.
 */
export function reasonWithPeople(
  bundle: CompiledBundle,
  decided: BundleDecision,
  record: PastDecision,
): string {
  const { verdict } = decided;
  if (record.reason_code === 'approval_invalid') {
    return approvalNeeded(bundle, decided, verdict) === undefined ? verdict.reasonCode : 'approval_invalid';
  }
  if (record.run_refusal !== undefined || record.enforcement === 'monitored') return verdict.reasonCode;

  const lifts = approvalThatLifts(
    bundle,
    decided,
    verdict,
    Date.parse(record.time),
    (obligations) => obligations.length === 0 || gotAsFar(record),
  );

  return lifts === undefined ? verdict.reasonCode : 'approval_required';
}

function gotAsFar({ decision, reason_code }: PastDecision): boolean {
  return decision === 'allow' || reason_code === 'approval_required';
}
