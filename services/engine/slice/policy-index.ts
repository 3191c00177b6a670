import type { Policy } from '../policy.ts';
import type { Schema } from '../schema/schema.ts';
import { atOnce, eachInSteps, type Steps } from '../steps.ts';
import { AS_PRINCIPAL, AS_RESOURCE, bucketsInSteps, PARTS } from './buckets.ts';
import { ANY, UNKNOWN } from './numbers.ts';
import { type ScopeTable, type Subject, scopeTableInSteps } from './scope-table.ts';

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

/** Builds the index; a policy goes under its principal, else its resource, else each of the actions and groups that it names. */
export function createPolicyIndex(schema: Schema, policies: readonly Policy[]): PolicyIndex {
  return atOnce(policyIndexInSteps(schema, policies));
}

/** The same for whoever serves meanwhile. */
export function* policyIndexInSteps(schema: Schema, policies: readonly Policy[]): Steps<PolicyIndex> {
  const table = yield* scopeTableInSteps(schema, policies);
  const { actions } = table;
  const byEntity = yield* bucketsInSteps(table, policies.length);
  const byName = new Map<number, number[]>();
  const unanchored: number[] = [];

  yield* eachInSteps(policies, (_, position) => {
    if (table.principalOf(position) !== ANY || table.resourceOf(position) !== ANY) return;
    const set = actions.byPosition[position] ?? ANY;
    if (set === ANY) unanchored.push(position);
    else for (const name of actions.namesIn(set)) put(byName, name, position);
  });

  // Of the request that is being sliced. Slicing calls nobody, so one of each does for all.
  const principal: Subject = { type: ANY, keys: [], count: 0 };
  const resource: Subject = { type: ANY, keys: [], count: 0 };

  return {
    policies,
    unanchored,

    slice(request) {
      number(principal, request.principal, table);
      number(resource, request.resource, table);
      const names = actions.choose(request.action);
      const positions: number[] = [];

      collectUnder(principal, AS_PRINCIPAL, positions);
      collectUnder(resource, AS_RESOURCE, positions);
      for (const name of names) collectNaming(name, positions);
      for (const position of unanchored) collect(position, positions);

      return ascending(positions);
    },
  };

  function collectUnder({ keys, count }: Subject, part: number, found: number[]): void {
    const { starts, members } = byEntity;
    for (let index = 0; index < count; index += 1) {
      const key = keys[index] ?? UNKNOWN;
      if (key === UNKNOWN) continue;
      const bucket = key * PARTS + part;
      const end = starts[bucket + 1] ?? 0;
      for (let at = starts[bucket] ?? 0; at < end; at += 1) collect(members[at] ?? UNKNOWN, found);
    }
  }

  /** A policy stands under each name that it has, and is taken from the first of them that the action goes by. */
  function collectNaming(name: number, found: number[]): void {
    for (const position of byName.get(name) ?? NONE)
      if (actions.nameIn(actions.byPosition[position] ?? ANY) === name) collect(position, found);
  }

  function collect(position: number, found: number[]): void {
    if (table.matches(position, principal, resource)) found.push(position);
  }
}

/** Whether the scope leaves a policy to every request; `is T` alone anchors nothing. */
export function isAnchored({ principal, action, resource }: Policy['scope']): boolean {
  return 'uid' in principal || 'uid' in resource || action.op !== 'all';
}

function number(subject: Subject, { type, keys }: ScopeSubject, table: ScopeTable): void {
  subject.type = table.typeNumber(type);
  subject.count = keys.length;
  for (let index = 0; index < keys.length; index += 1)
    subject.keys[index] = table.keyNumber(keys[index] ?? '');
}

function put(buckets: Map<number, number[]>, anchor: number, position: number): void {
  const bucket = buckets.get(anchor);
  if (bucket === undefined) buckets.set(anchor, [position]);
  else bucket.push(position);
}

const NONE: readonly number[] = [];

/** Up to so many are sorted faster by hand. */
const FEW = 32;

function ascending(positions: number[]): number[] {
  if (positions.length > FEW) return positions.sort((a, b) => a - b);

  for (let end = 1; end < positions.length; end += 1) {
    const position = positions[end] ?? 0;
    let place = end;
    for (; place > 0; place -= 1) {
      const before = positions[place - 1] ?? 0;
      if (before < position) break;
      positions[place] = before;
    }
    positions[place] = position;
  }

  return positions;
}
