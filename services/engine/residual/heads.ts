import type { EntityConstraint, Policy } from '../policy.ts';
import type { RawUid } from '../raw/raw.ts';
import type { ActionType } from '../schema/schema.ts';
import type { ScopeSubject } from '../slice/policy-index.ts';
import { uidKey } from '../value/value.ts';

/** Whether the head of a policy leaves a principal, whatever the action and the resource are. */
export function leavesPrincipal({ scope: { principal } }: Policy, { type, keys }: ScopeSubject): boolean {
  if ('type' in principal && principal.type !== type) return false;
  if (!('uid' in principal)) return true;
  const key = keyOf(principal);

  return principal.op === '==' ? keys[0] === key : keys.includes(key);
}

/** Finds which of some actions the head of a policy leaves. */
export type ActionsLeft = (policy: Policy) => Iterable<ActionType>;

export function createActionsLeft(actions: readonly ActionType[]): ActionsLeft {
  const themselves = new Map(actions.map((action) => [action.uid.key, action]));
  const within = new Map<string, ActionType[]>();
  for (const action of actions) {
    for (const { key } of [action.uid, ...action.ancestors]) {
      const members = within.get(key);
      if (members === undefined) within.set(key, [action]);
      else members.push(action);
    }
  }

  return ({ scope: { action } }) => {
    if (action.op === 'all') return actions;
    const left = new Set<ActionType>();
    for (const uid of action.uids) {
      const key = keyOf({ uid });
      const itself = themselves.get(key);
      if (itself !== undefined) left.add(itself);
      if (action.op === 'in') for (const member of within.get(key) ?? []) left.add(member);
    }

    return left;
  };
}

function keyOf({ uid }: Pick<Extract<EntityConstraint, { uid: RawUid }>, 'uid'>): string {
  return uidKey(uid.type, uid.id);
}
