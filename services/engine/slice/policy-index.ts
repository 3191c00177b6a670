import type { ActionConstraint, EntityConstraint, Policy } from '../policy.ts';
import type { Schema } from '../schema/schema.ts';
import { uidKey } from '../value/value.ts';

/** A variable of the request as the scope sees it: its type, its own key first, then the keys of its ancestors. */
export interface ScopeSubject {
  readonly type: string;
  readonly keys: readonly string[];
}

export interface ScopeRequest {
  readonly principal: ScopeSubject;
  readonly action: string;
  readonly resource: ScopeSubject;
}

/** Finds the policies whose scope matches a request, without looking at the others. */
export interface PolicyIndex {
  /** Policies in the order that they were given; positions in it are the index's answers. */
  readonly policies: readonly Policy[];
  /** Positions of policies that no entity or action anchors: every request looks at them. */
  readonly unanchored: readonly number[];
  /**
   * Positions of exactly the policies whose scope matches, ascending.
   *
   * A policy whose scope does not match is neither satisfied nor erroring, so leaving it out changes neither decision nor
   * reasons nor errors (cedar-spec, `Cedar/Thm/Authorization/Slicing.lean`).
   */
  slice(request: ScopeRequest): number[];
}

interface Entry {
  readonly position: number;
  readonly principal: Target;
  readonly resource: Target;
  /** Keys of the actions that match, groups expanded through the schema; absent: all. */
  readonly actions: ReadonlySet<string> | undefined;
}

/** What a scope demands of one variable; absent: nothing. */
interface Target {
  readonly type: string | undefined;
  readonly key: string | undefined;
  /** Whether the entity itself must be the one that the key names, and not only stand below it. */
  readonly exact: boolean;
}

type Buckets = Map<string, Entry[]>;

/** Builds the index; an entry goes under its principal, else its resource, else each of its actions. */
export function createPolicyIndex(schema: Schema, policies: readonly Policy[]): PolicyIndex {
  const byPrincipal: Buckets = new Map();
  const byResource: Buckets = new Map();
  const byAction: Buckets = new Map();
  const unanchored: Entry[] = [];
  const members = membersOfActions(schema);

  for (const [position, policy] of policies.entries()) {
    const principal = targetOf(policy.scope.principal);
    const resource = targetOf(policy.scope.resource);
    const entry = { position, principal, resource, actions: matchingActions(policy.scope.action, members) };

    if (principal.key !== undefined) put(byPrincipal, principal.key, entry);
    else if (resource.key !== undefined) put(byResource, resource.key, entry);
    else if (entry.actions !== undefined) for (const action of entry.actions) put(byAction, action, entry);
    else unanchored.push(entry);
  }

  return {
    policies,
    unanchored: unanchored.map(({ position }) => position),
    slice(request) {
      const positions: number[] = [];

      for (const key of request.principal.keys) collect(byPrincipal.get(key), request, positions);
      for (const key of request.resource.keys) collect(byResource.get(key), request, positions);
      collect(byAction.get(request.action), request, positions);
      collect(unanchored, request, positions);

      return positions.sort((a, b) => a - b);
    },
  };
}

/** Whether the scope leaves a policy to every request; `is T` alone anchors nothing. */
export function isAnchored(scope: Policy['scope']): boolean {
  return (
    targetOf(scope.principal).key !== undefined ||
    targetOf(scope.resource).key !== undefined ||
    scope.action.op !== 'all'
  );
}

function membersOfActions(schema: Schema): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>();
  for (const [key, action] of schema.actions) {
    for (const group of action.ancestors) {
      const list = members.get(group.key);
      if (list === undefined) members.set(group.key, [key]);
      else list.push(key);
    }
  }

  return members;
}

function matchingActions(
  constraint: ActionConstraint,
  members: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> | undefined {
  if (constraint.op === 'all') return undefined;

  const matching = new Set<string>();
  for (const { type, id } of constraint.uids) {
    const key = uidKey(type, id);
    matching.add(key);
    if (constraint.op === 'in') for (const member of members.get(key) ?? []) matching.add(member);
  }

  return matching;
}

function targetOf(constraint: EntityConstraint): Target {
  return {
    type: 'type' in constraint ? constraint.type : undefined,
    key: 'uid' in constraint ? uidKey(constraint.uid.type, constraint.uid.id) : undefined,
    exact: constraint.op === '==',
  };
}

function put(buckets: Buckets, key: string, entry: Entry): void {
  const bucket = buckets.get(key);
  if (bucket === undefined) buckets.set(key, [entry]);
  else bucket.push(entry);
}

function collect(bucket: readonly Entry[] | undefined, request: ScopeRequest, positions: number[]): void {
  if (bucket === undefined) return;

  for (const { position, principal, resource, actions } of bucket) {
    if (actions !== undefined && !actions.has(request.action)) continue;
    if (!matches(principal, request.principal)) continue;
    if (!matches(resource, request.resource)) continue;
    positions.push(position);
  }
}

function matches({ type, key, exact }: Target, subject: ScopeSubject): boolean {
  if (type !== undefined && type !== subject.type) return false;
  if (key === undefined || key === subject.keys[0]) return true;

  return !exact && subject.keys.includes(key);
}
