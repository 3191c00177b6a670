import { createHash } from 'node:crypto';
import type { EntityConstraint, Policy } from '../../engine/policy.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { Applicability, Applicable } from './applicable.ts';
import { jsonOf } from './expression.ts';
import type { KnownEntities } from './known-entities.ts';

/** A policy with what deciding between two of them takes. */
export interface ShadowCandidate {
  readonly policy: Policy;
  readonly applicable: Applicable;
  /** Whether its conditions hold whatever the request is. */
  readonly isUnconditional: boolean;
}

export interface ShadowSearch {
  readonly applicability: Applicability;
  readonly entities: KnownEntities;
  /** Called once for each pair that is compared; what it throws ends the search. */
  readonly spend: () => void;
}

/**
 * For a policy, another one because of which it changes no decision: of the same effect, with the same conditions or none, and a
 * scope that takes in its own; for a permit, also a forbid without conditions. Of two that take in each other, the later is found.
 */
export function createShadows(
  candidates: readonly ShadowCandidate[],
  { applicability, entities, spend }: ShadowSearch,
): (candidate: ShadowCandidate) => Policy | undefined {
  const positions = new Map(candidates.map(({ policy }, position) => [policy, position]));
  const buckets = new Map<string, ShadowCandidate[]>();
  const scopes = new Set<string>();
  for (const candidate of candidates) {
    const group = groupOf(candidate.policy.effect, candidate);
    const scope = `${group} ${jsonOf(candidate.policy.scope)}`;
    // Of many with one scope, the first stands for all: it takes in the others and what they take in.
    if (scopes.has(scope)) continue;
    scopes.add(scope);
    const { principal, resource } = candidate.policy.scope;
    const key = `${group} ${anchorOf(principal)} ${anchorOf(resource)}`;
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, [candidate]);
    else bucket.push(candidate);
  }

  return (candidate) => {
    const { effect } = candidate.policy;
    const groups = new Set([groupOf(effect, candidate), `${effect} always`]);
    if (effect === 'permit') groups.add('forbid always');

    for (const group of groups) {
      for (const principal of anchorsAbove(candidate.policy.scope.principal, entities)) {
        for (const resource of anchorsAbove(candidate.policy.scope.resource, entities)) {
          for (const other of buckets.get(`${group} ${principal} ${resource}`) ?? []) {
            spend();
            if (isShadow(other, candidate)) return other.policy;
          }
        }
      }
    }

    return undefined;
  };

  function isShadow(other: ShadowCandidate, candidate: ShadowCandidate): boolean {
    if (other.policy === candidate.policy || !takesIn(other, candidate)) return false;
    const isMutual =
      other.policy.effect === candidate.policy.effect &&
      other.isUnconditional === candidate.isUnconditional &&
      takesIn(candidate, other);

    return !isMutual || (positions.get(other.policy) ?? 0) < (positions.get(candidate.policy) ?? 0);
  }

  /** Whether every request that matches one scope matches the other. */
  function takesIn(
    { policy: { scope } }: ShadowCandidate,
    { policy: inner, applicable }: ShadowCandidate,
  ): boolean {
    const actions = applicability.actionsOf(scope.action);

    return (
      (actions === undefined || [...applicable.actions].every((action) => actions.has(action))) &&
      takesInEntity(scope.principal, inner.scope.principal, applicable.principalTypes, entities) &&
      takesInEntity(scope.resource, inner.scope.resource, applicable.resourceTypes, entities)
    );
  }
}

function takesInEntity(
  outer: EntityConstraint,
  inner: EntityConstraint,
  types: ReadonlySet<string>,
  entities: KnownEntities,
): boolean {
  if ('type' in outer && ![...types].every((type) => type === outer.type)) return false;
  if (!('uid' in outer)) return true;
  if (!('uid' in inner)) return false;

  const [above, below] = [outer.uid, inner.uid].map(({ type, id }) => uidKey(type, id)) as [string, string];
  if (outer.op === '==') return inner.op === '==' && above === below;

  return above === below || entities.ancestorsOf(below).has(above);
}

/**
 * Where its conditions are no condition, a policy may stand in for any other. Conditions are told apart by their hash: V8 takes the
 * length for the hash of a long text, so that many of them in one table would take quadratic time.
 */
function groupOf(effect: string, { policy: { condition }, isUnconditional }: ShadowCandidate): string {
  if (isUnconditional) return `${effect} always`;
  const hash = createHash('sha256').update(jsonOf([condition.shape, condition.literals]));

  return `${effect} ${hash.digest('hex')}`;
}

const ANYBODY = '*';

function anchorOf(constraint: EntityConstraint): string {
  return 'uid' in constraint ? uidKey(constraint.uid.type, constraint.uid.id) : ANYBODY;
}

function anchorsAbove(constraint: EntityConstraint, entities: KnownEntities): readonly string[] {
  const own = anchorOf(constraint);

  return own === ANYBODY ? [own] : [ANYBODY, own, ...entities.ancestorsOf(own)];
}
