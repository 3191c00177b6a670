import { compareText } from '../../bundles/problem.ts';
import { DIFFERENCES_KEPT } from './differences.ts';
import {
  type CandidateReport,
  type Counts,
  type Difference,
  type Example,
  type FlipCounts,
  type FlipGroup,
  type ReplayReport,
  UNREPLAYED_REASONS,
  type VerificationReport,
} from './report.ts';
import { EXAMPLES_KEPT, GROUPS_KEPT, rateText } from './tally.ts';

/**
 * The report of a whole range from those of its shares: the same as if one had read them all, but for causes that are so many that
 * not all are kept.
 * @throws Error where they are not of one kind, or none.
 */
export function mergeReports(shares: readonly ReplayReport[]): ReplayReport {
  const candidates = shares.filter((share) => share.kind === 'candidate');
  const verifications = shares.filter((share) => share.kind === 'verification');
  const [first] = candidates;
  if (first !== undefined && verifications.length === 0) return mergeCandidates(first, candidates);
  if (first === undefined && verifications.length > 0) return mergeVerifications(verifications);

  throw new Error('shares of one replay have one kind');
}

function mergeCandidates(first: CandidateReport, shares: readonly CandidateReport[]): CandidateReport {
  const counts = mergeCounts(shares);
  const groups = mergeGroups(shares, counts.replayed);
  const kept = groups.slice(0, GROUPS_KEPT);
  const dropped = sumOf(groups.slice(GROUPS_KEPT), ({ count }) => count);

  return {
    ...first,
    ...counts,
    flips: Object.fromEntries(
      Object.keys(first.flips).map((name) => [
        name,
        sumOf(shares, ({ flips }) => flips[name as keyof FlipCounts]),
      ]),
    ) as unknown as FlipCounts,
    otherwise_decided: sumOf(shares, ({ otherwise_decided }) => otherwise_decided),
    groups: kept,
    ungrouped: dropped + sumOf(shares, ({ ungrouped }) => ungrouped),
  };
}

/** Most frequent first; those that are equally frequent by their causes, so that the same log gives the same report. */
function mergeGroups(shares: readonly CandidateReport[], replayed: number): FlipGroup[] {
  const keyOf = ({ from, to, before, after }: FlipGroup): string => JSON.stringify([from, to, before, after]);
  const byCause = Map.groupBy(
    shares.flatMap(({ groups }) => groups),
    keyOf,
  );

  return [...byCause]
    .flatMap(([key, [group, ...others]]) => (group === undefined ? [] : [{ key, same: [group, ...others] }]))
    .map(({ key, same }) => ({ key, count: sumOf(same, ({ count }) => count), same }))
    .toSorted((a, b) => b.count - a.count || compareText(a.key, b.key))
    .flatMap(({ count, same }) =>
      same.slice(0, 1).map((group) => ({
        ...group,
        count,
        rate: rateText(count, replayed),
        examples: newest(
          same.flatMap(({ examples }) => examples),
          (example) => example,
        ).slice(0, EXAMPLES_KEPT),
      })),
    );
}

function mergeVerifications(shares: readonly VerificationReport[]): VerificationReport {
  const differences: readonly Difference[] = shares.flatMap((share) => share.differences);

  return {
    kind: 'verification',
    ...mergeCounts(shares),
    differing: sumOf(shares, ({ differing }) => differing),
    differences: newest(differences, ({ record }) => record).slice(0, DIFFERENCES_KEPT),
  };
}

function mergeCounts(shares: readonly Counts[]): Counts {
  return {
    read: sumOf(shares, ({ read }) => read),
    replayed: sumOf(shares, ({ replayed }) => replayed),
    unreplayed: Object.fromEntries(
      UNREPLAYED_REASONS.map((reason) => [reason, sumOf(shares, ({ unreplayed }) => unreplayed[reason])]),
    ) as Counts['unreplayed'],
    elapsed_ms: Math.max(...shares.map(({ elapsed_ms }) => elapsed_ms)),
  };
}

function newest<Item>(items: readonly Item[], recordOf: (item: Item) => Example): Item[] {
  return items.toSorted((a, b) => compareText(recordOf(b).decision_id, recordOf(a).decision_id));
}

function sumOf<Item>(items: readonly Item[], countOf: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + countOf(item), 0);
}
