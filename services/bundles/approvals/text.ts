import type { ApprovalRequirement, GroupRule } from '../../engine/approval.ts';
import { Duration } from '../../engine/extension/duration.ts';
import { uidText } from '../../engine/traced/cedar-text.ts';

/** Whose word lifts a denial, as data. */
export interface ApprovalData {
  readonly groups: readonly { readonly group: string; readonly count: number }[];
  /** From the question until the approval is used, such as `15m`; in a test only where it wants one. */
  readonly ttl?: string;
  /** The highest that the policies name; never wanted by a test. */
  readonly severity?: string;
}

export function approvalData({ groups, ttlMs, severity }: ApprovalRequirement): Required<ApprovalData> {
  return { groups: groupList(groups), ttl: ttlText(ttlMs), severity };
}

/** The groups with how many of each, as data. */
export function groupList(groups: readonly GroupRule[]): ApprovalData['groups'] {
  return groups.map(({ group, count }) => ({ group: uidText(group), count }));
}

/** Whose word it takes, such as `2 of Group::"finance", 1 of Group::"legal"`. */
export function groupsText(groups: readonly GroupRule[]): string {
  return groupList(groups)
    .map(({ group, count }) => `${count} of ${group}`)
    .join(', ');
}

/** A time as `@approval_ttl` has it, such as `15m`. */
export function ttlText(ttlMs: number): string {
  return new Duration(BigInt(ttlMs)).text();
}
