import type { PastDecision } from '../../ledger/history.ts';
import { causeOf, exampleOf } from './example.ts';
import type { Outcome, OutcomeKind } from './outcome.ts';
import type { CandidateReport, Cause, Example, FlipCounts, FlipGroup } from './report.ts';

/** Counts flips and sorts them by their causes, in bounded memory however many there are. */
export interface Tally {
  /** @param decision given the newest first. */
  add(decision: PastDecision, before: Outcome, after: Outcome): void;
  /** @param replayed how many there were in all. */
  report(replayed: number): Pick<CandidateReport, 'flips' | 'otherwise_decided' | 'groups' | 'ungrouped'>;
}

/** Causes that one report tells apart, and the examples of each. */
export const GROUPS_KEPT = 500;
export const EXAMPLES_KEPT = 5;

interface Group {
  readonly from: OutcomeKind;
  readonly to: OutcomeKind;
  readonly before: Cause;
  readonly after: Cause;
  count: number;
  readonly examples: Example[];
}

export function createTally(): Tally {
  const groups = new Map<string, Group>();
  const counts = {
    all: 0,
    allow_to_deny: 0,
    deny_to_allow: 0,
    to_policy_error: 0,
    from_policy_error: 0,
    to_error: 0,
  } satisfies FlipCounts;
  let otherwise = 0;
  let ungrouped = 0;

  return {
    add(decision, before, after) {
      if (before.kind === after.kind) {
        if (!isSameCause(before, after)) otherwise += 1;
        return;
      }

      counts.all += 1;
      for (const name of namesOf(before.kind, after.kind)) counts[name] += 1;
      const group = groupOf(before, after);
      if (group === undefined) {
        ungrouped += 1;
        return;
      }
      group.count += 1;
      if (group.examples.length < EXAMPLES_KEPT) group.examples.push(exampleOf(decision));
    },

    report: (replayed) => ({
      flips: { ...counts },
      otherwise_decided: otherwise,
      groups: [...groups.values()]
        .toSorted((a, b) => b.count - a.count)
        .map((group): FlipGroup => ({ ...group, rate: rateText(group.count, replayed) })),
      ungrouped,
    }),
  };

  /** `undefined` where there are too many already. */
  function groupOf(before: Outcome, after: Outcome): Group | undefined {
    const group = {
      from: before.kind,
      to: after.kind,
      before: causeOf(before),
      after: causeOf(after),
      count: 0,
      examples: [],
    };
    const key = JSON.stringify(group);
    const known = groups.get(key);
    if (known !== undefined || groups.size >= GROUPS_KEPT) return known;
    groups.set(key, group);

    return group;
  }
}

/** A share in percent, exact where it has few digits: `0%`, `0.25%`, `0.0001%`. */
export function rateText(count: number, of: number): string {
  return of === 0 ? '0%' : `${Number(((100 * count) / of).toPrecision(3))}%`;
}

/** Under which names a flip is counted: what it means to a caller, and whether a policy fails. */
function namesOf(from: OutcomeKind, to: OutcomeKind): (keyof Omit<FlipCounts, 'all'>)[] {
  const names: (keyof Omit<FlipCounts, 'all'>)[] = [];
  if (to === 'error') return ['to_error'];
  if (from === 'allow') names.push('allow_to_deny');
  if (to === 'allow') names.push('deny_to_allow');
  if (to === 'policy_error') names.push('to_policy_error');
  if (from === 'policy_error') names.push('from_policy_error');

  return names;
}

function isSameCause(before: Outcome, after: Outcome): boolean {
  return (
    before.code === after.code &&
    before.policies.length === after.policies.length &&
    before.policies.every((id, index) => id === after.policies[index])
  );
}
