import type { PastDecision } from '../../ledger/history.ts';
import { errorOutcome, exampleOf, shortened } from './example.ts';
import type { Judged } from './judge.ts';
import { recordedVerdict } from './outcome.ts';
import { type Difference, VERIFIED_MEMBERS, type VerificationReport, type VerifiedMember } from './report.ts';

/** Counts where replaying a record gives other than it says, and keeps the newest of them. */
export interface Differences {
  add(decision: PastDecision, judged: Exclude<Judged, { kind: 'unreadable' }>): void;
  report(): Pick<VerificationReport, 'differing' | 'differences'>;
}

/** Differences that one report lists. */
export const DIFFERENCES_KEPT = 100;

type Members = Readonly<Record<VerifiedMember, string>>;

export function createDifferences(): Differences {
  const differences: Difference[] = [];
  let differing = 0;

  return {
    add(decision, judged) {
      const found = judged.kind === 'refused' ? [] : membersThatDiffer(decision, judged);
      if (judged.kind === 'decided' && found.length === 0) return;

      differing += 1;
      if (differences.length < DIFFERENCES_KEPT) differences.push(differenceOf(decision, judged, found));
    },

    report: () => ({ differing, differences }),
  };
}

function membersThatDiffer(
  decision: PastDecision,
  judged: Extract<Judged, { kind: 'decided' }>,
): Difference['members'] {
  const recorded = membersOf(recordedVerdict(decision), decision.request_digest);
  const replayed = membersOf(judged, judged.requestDigest ?? '');

  return VERIFIED_MEMBERS.filter((member) => recorded[member] !== replayed[member]).map((member) => ({
    member,
    recorded: shortened(recorded[member]),
    replayed: shortened(replayed[member]),
  }));
}

/** The words of a failing policy are not compared: they are the evaluator's, and no part of the verdict. */
function membersOf(
  { decision, reasonCode, determining, failing }: ReturnType<typeof recordedVerdict>,
  requestDigest: string,
): Members {
  return {
    decision,
    reason_code: reasonCode,
    determining: JSON.stringify(determining),
    policy_errors: JSON.stringify(failing),
    request_digest: requestDigest,
  };
}

function differenceOf(
  decision: PastDecision,
  judged: Exclude<Judged, { kind: 'unreadable' }>,
  members: Difference['members'],
): Difference {
  const difference = { record: exampleOf(decision), bundle: decision.bundle.digest, members };
  if (judged.kind === 'decided') return difference;
  const { code, field, message = '' } = errorOutcome(judged.error);

  return { ...difference, error: { code, message, ...(field === undefined ? {} : { field }) } };
}
