import type { RawUid } from './raw/raw.ts';

/** How much harm a wrong approval would do, as the author of a policy sees it; for whoever sorts what waits. */
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a question of approval is: answered or not, used, or over time. */
export const APPROVAL_STATUSES = ['pending', 'approved', 'denied', 'consumed', 'expired'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** Whose word makes one forbid yield, how many of them it takes, and how long that may take. */
export interface ApprovalRule {
  /** Who approves is `in` it. */
  readonly group: RawUid;
  /** Different approvers, from 1. */
  readonly count: number;
  /** From the question until the approval is used. */
  readonly ttlMs: number;
  readonly severity: Severity;
}

/** How many of a group. */
export type GroupRule = Pick<ApprovalRule, 'group' | 'count'>;

/** What all forbids of one request want together: of each group so many, within the shortest of their times. */
export interface ApprovalRequirement {
  readonly groups: readonly GroupRule[];
  readonly ttlMs: number;
  readonly severity: Severity;
}

/**
 * Joins the rules of the forbids that stand in the way.
 * @param rules at least one.
 */
export function uniteRules(rules: readonly ApprovalRule[]): ApprovalRequirement {
  const ranks = rules.map(({ severity }) => SEVERITIES.indexOf(severity));

  return {
    groups: uniteGroups(rules),
    ttlMs: Math.min(...rules.map(({ ttlMs }) => ttlMs)),
    severity: SEVERITIES[Math.max(...ranks)] ?? 'critical',
  };
}

/** Each group once, with the most that is wanted of it, in one order. */
export function uniteGroups(rules: readonly GroupRule[]): readonly GroupRule[] {
  const groups = new Map<string, GroupRule>();
  for (const { group, count } of rules) {
    const key = JSON.stringify([group.type, group.id]);
    const known = groups.get(key);
    if (known === undefined || known.count < count) groups.set(key, { group, count });
  }

  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
