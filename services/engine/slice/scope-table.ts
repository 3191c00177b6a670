import type { EntityConstraint, Policy, Scope } from '../policy.ts';
import type { Schema } from '../schema/schema.ts';
import { eachInSteps, type Steps } from '../steps.ts';
import { uidKey } from '../value/value.ts';
import { type ActionSets, actionSetsInSteps } from './action-sets.ts';
import { keyNumbersInSteps } from './key-numbers.ts';
import { ANY, numbered, UNKNOWN } from './numbers.ts';

/** A variable of a request: the number of its type, its own and those of its ancestors, the first `count` of `keys`. */
export interface Subject {
  type: number;
  readonly keys: number[];
  count: number;
}

/**
 * What the scopes of many policies demand, as numbers in a row by position: neighbours lie next to each other, so a slice takes a
 * few lines of a processor's cache, where objects with texts took a dozen for each policy.
 */
export interface ScopeTable {
  readonly actions: ActionSets;
  /** How many entities scopes name; their numbers are below it. */
  readonly anchors: number;
  /** @returns {@link UNKNOWN} for a type, or the key of an entity, that no scope names. */
  typeNumber(type: string): number;
  keyNumber(key: string): number;
  /** The number of the entity that a principal must be or stand below; {@link ANY}: of none. */
  principalOf(position: number): number;
  resourceOf(position: number): number;
  /** Whether the scope at a position matches a request, whose action is the one that was chosen. */
  matches(position: number, principal: Subject, resource: Subject): boolean;
}

/** Columns of a row. */
const PRINCIPAL_TYPE = 0;
const PRINCIPAL_KEY = 1;
const RESOURCE_TYPE = 2;
const RESOURCE_KEY = 3;
const ACTIONS = 4;
const EXACT = 5;
const COLUMNS = 6;

/** In {@link EXACT}: the entity itself must be the one that is named, and not only stand below it. */
const EXACT_PRINCIPAL = 1;
const EXACT_RESOURCE = 2;

export function* scopeTableInSteps(schema: Schema, policies: readonly Policy[]): Steps<ScopeTable> {
  const types = new Map<string, number>();
  const named = new Map<string, number>();
  const actions = yield* actionSetsInSteps(schema, policies);
  const rows = new Int32Array(policies.length * COLUMNS);
  yield* eachInSteps(policies, ({ scope }, position) => writeRow(position * COLUMNS, position, scope));
  const keys = yield* keyNumbersInSteps([...named.keys()]);

  return {
    actions,
    anchors: keys.count,
    typeNumber: (type) => types.get(type) ?? UNKNOWN,
    keyNumber: (key) => keys.numberOf(key),
    principalOf: (position) => at(position * COLUMNS + PRINCIPAL_KEY),
    resourceOf: (position) => at(position * COLUMNS + RESOURCE_KEY),

    matches(position, principal, resource) {
      const row = position * COLUMNS;
      const exact = at(row + EXACT);

      return (
        isMet(at(row + PRINCIPAL_TYPE), at(row + PRINCIPAL_KEY), exact & EXACT_PRINCIPAL, principal) &&
        isMet(at(row + RESOURCE_TYPE), at(row + RESOURCE_KEY), exact & EXACT_RESOURCE, resource) &&
        actions.has(at(row + ACTIONS))
      );
    },
  };

  function at(index: number): number {
    return rows[index] ?? UNKNOWN;
  }

  function writeRow(row: number, position: number, { principal, resource }: Scope): void {
    rows[row + PRINCIPAL_TYPE] = 'type' in principal ? numbered(types, principal.type) : ANY;
    rows[row + PRINCIPAL_KEY] = keyOf(principal);
    rows[row + RESOURCE_TYPE] = 'type' in resource ? numbered(types, resource.type) : ANY;
    rows[row + RESOURCE_KEY] = keyOf(resource);
    rows[row + ACTIONS] = actions.byPosition[position] ?? UNKNOWN;
    rows[row + EXACT] =
      (principal.op === '==' ? EXACT_PRINCIPAL : 0) | (resource.op === '==' ? EXACT_RESOURCE : 0);
  }

  function keyOf(constraint: EntityConstraint): number {
    return 'uid' in constraint ? numbered(named, uidKey(constraint.uid.type, constraint.uid.id)) : ANY;
  }
}

function isMet(type: number, key: number, exact: number, subject: Subject): boolean {
  if (type !== ANY && type !== subject.type) return false;
  if (key === ANY) return true;
  // What stands behind the first `count` is of an earlier request.
  const end = exact === 0 ? subject.count : Math.min(subject.count, 1);
  for (let index = 0; index < end; index += 1) if (subject.keys[index] === key) return true;

  return false;
}
