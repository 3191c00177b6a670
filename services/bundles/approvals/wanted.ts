import { type GroupRule, uniteGroups } from '../../engine/approval.ts';
import { parseDuration } from '../../engine/extension/duration.ts';
import type { RawNode } from '../../engine/raw/raw.ts';
import { invalid, listOf, membersOf, stringOf, uidTextOf } from '../raw-members.ts';

/** Whose word a test wants to be asked for: all the groups, and how long that may take where it says so. */
export interface WantedApproval {
  readonly groups: readonly GroupRule[];
  readonly ttlMs: number | undefined;
}

/**
 * Reads `{groups: [{group: Group::"finance", count: 2}], ttl: 15m}`; without a count, one of them is wanted.
 * @throws PdpError `invalid_request` naming the field.
 */
export function readWantedApproval(raw: RawNode, field: string): WantedApproval {
  const members = membersOf(raw, field, { required: ['groups'], optional: ['ttl'] });
  const groups = listOf(members.get('groups'), `${field}.groups`).map((item, index) =>
    readGroup(item, `${field}.groups[${index}]`),
  );
  if (groups.length === 0) throw invalid(`${field}.groups`, 'must name somebody');

  return {
    groups: uniteGroups(groups),
    ttlMs: members.has('ttl') ? ttlOf(members.get('ttl'), `${field}.ttl`) : undefined,
  };
}

function readGroup(raw: RawNode, field: string): GroupRule {
  const members = membersOf(raw, field, { required: ['group'], optional: ['count'] });
  const count = members.get('count') ?? 1n;
  if (typeof count !== 'bigint' || count < 1n)
    throw invalid(`${field}.count`, 'must be a whole number from 1');

  return { group: uidTextOf(members.get('group'), `${field}.group`), count: Number(count) };
}

function ttlOf(raw: RawNode | undefined, field: string): number {
  const ttl = parseDuration(stringOf(raw, field));
  if (ttl === undefined) throw invalid(field, 'must be a duration such as 15m');

  return Number(ttl.milliseconds);
}
