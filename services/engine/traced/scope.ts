import type { EvaluationRequest } from '../evaluator.ts';
import type { ActionConstraint, EntityConstraint, Policy, Scope } from '../policy.ts';
import { closureOf } from '../reach.ts';
import type { Schema } from '../schema/schema.ts';
import { createPolicyIndex } from '../slice/policy-index.ts';
import { uidText } from './cedar-text.ts';

export const SCOPE_PARTS = ['principal', 'action', 'resource'] as const;
export type ScopePart = (typeof SCOPE_PARTS)[number];

/** For each part of the scope, the positions of the policies whose part matches. */
export type MatchedParts = Readonly<Record<ScopePart, ReadonlySet<number>>>;

const ANYTHING: Scope = { principal: { op: 'all' }, action: { op: 'all' }, resource: { op: 'all' } };

/**
 * Asks for each part of the scopes alone which policies it leaves to a request, by the index that slices in production. A policy is
 * in the slice exactly where all three match.
 */
export function matchedParts(
  schema: Schema,
  policies: readonly Policy[],
  { principal, action, resource, entity }: EvaluationRequest,
): MatchedParts {
  const request = {
    principal: { type: principal.type, keys: closureOf(principal, entity) },
    action: action.key,
    resource: { type: resource.type, keys: closureOf(resource, entity) },
  };
  const matching = (part: ScopePart): ReadonlySet<number> => {
    const alone = policies.map((policy) => ({
      ...policy,
      scope: { ...ANYTHING, [part]: policy.scope[part] },
    }));

    return new Set(createPolicyIndex(schema, alone).slice(request));
  };

  return {
    principal: matching('principal'),
    action: matching('action'),
    resource: matching('resource'),
  };
}

/** A part of a scope as Cedar text, such as `principal in Role::"reader"`; slots of a link are filled in. */
export function scopeText(part: ScopePart, scope: Scope): string {
  return part === 'action' ? actionText(scope.action) : entityText(part, scope[part]);
}

function entityText(part: ScopePart, constraint: EntityConstraint): string {
  switch (constraint.op) {
    case 'all':
      return part;
    case '==':
    case 'in':
      return `${part} ${constraint.op} ${uidText(constraint.uid)}`;
    case 'is':
      return `${part} is ${constraint.type}`;
    case 'is in':
      return `${part} is ${constraint.type} in ${uidText(constraint.uid)}`;
  }
}

function actionText(constraint: ActionConstraint): string {
  if (constraint.op === 'all') return 'action';
  const uids = constraint.uids.map(uidText);

  return `action ${constraint.op} ${uids.length === 1 ? uids.join() : `[${uids.join(', ')}]`}`;
}
