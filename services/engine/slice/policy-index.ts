import type { Policy } from '../policy.ts';
import type { Schema } from '../schema/schema.ts';
import { ANY, createScopeTable, type Names, type Subject } from './scope-table.ts';

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

/** Positions by the number of what anchors them. */
type Buckets = Map<number, number[]>;

/** Builds the index; a policy goes under its principal, else its resource, else each of its actions. */
export function createPolicyIndex(schema: Schema, policies: readonly Policy[]): PolicyIndex {
  const table = createScopeTable(schema, policies);
  const byPrincipal: Buckets = new Map();
  const byResource: Buckets = new Map();
  const byAction = new Map<string, number[]>();
  const unanchored: number[] = [];

  for (let position = 0; position < policies.length; position += 1) {
    const principal = table.principalOf(position);
    const resource = table.resourceOf(position);
    const actions = table.actionsOf(position);

    if (principal !== ANY) put(byPrincipal, principal, position);
    else if (resource !== ANY) put(byResource, resource, position);
    else if (actions !== undefined) for (const action of actions) put(byAction, action, position);
    else unanchored.push(position);
  }

  // Of the request that is being sliced. Slicing calls nobody, so one of each does for all.
  const principal: Subject = { type: ANY, keys: [], count: 0 };
  const resource: Subject = { type: ANY, keys: [], count: 0 };

  return {
    policies,
    unanchored,

    slice(request) {
      number(principal, request.principal, table.names);
      number(resource, request.resource, table.names);
      const positions: number[] = [];

      collectUnder(byPrincipal, principal, request.action, positions);
      collectUnder(byResource, resource, request.action, positions);
      collect(byAction.get(request.action), request.action, positions);
      collect(unanchored, request.action, positions);

      return ascending(positions);
    },
  };

  function collectUnder(buckets: Buckets, { keys, count }: Subject, action: string, found: number[]): void {
    for (let index = 0; index < count; index += 1) collect(buckets.get(keys[index] ?? ANY), action, found);
  }

  function collect(bucket: readonly number[] | undefined, action: string, found: number[]): void {
    if (bucket === undefined) return;
    for (const position of bucket)
      if (table.matches(position, principal, action, resource)) found.push(position);
  }
}

/** Whether the scope leaves a policy to every request; `is T` alone anchors nothing. */
export function isAnchored({ principal, action, resource }: Policy['scope']): boolean {
  return 'uid' in principal || 'uid' in resource || action.op !== 'all';
}

function number(subject: Subject, { type, keys }: ScopeSubject, names: Names): void {
  subject.type = names.numberOf(type);
  subject.count = keys.length;
  for (let index = 0; index < keys.length; index += 1)
    subject.keys[index] = names.numberOf(keys[index] ?? '');
}

function put<Anchor>(buckets: Map<Anchor, number[]>, anchor: Anchor, position: number): void {
  const bucket = buckets.get(anchor);
  if (bucket === undefined) buckets.set(anchor, [position]);
  else bucket.push(position);
}

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
