import type { ActionConstraint, EntityConstraint, Policy, Scope } from '../policy.ts';
import type { Schema } from '../schema/schema.ts';
import { uidKey } from '../value/value.ts';

/** Stands where a scope demands nothing. */
export const ANY = -1;
/** The number of a text that no scope names: equal to none of those that one does. */
export const UNKNOWN = -2;

/** The texts that scopes name, each as a number. */
export interface Names {
  /** @returns {@link UNKNOWN} for a text that no scope names. */
  numberOf(text: string): number;
}

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
  readonly names: Names;
  /** The number of the entity that a principal must be or stand below; {@link ANY}: of none. */
  principalOf(position: number): number;
  resourceOf(position: number): number;
  /** Keys of the actions that match, groups expanded through the schema; `undefined`: all. */
  actionsOf(position: number): ReadonlySet<string> | undefined;
  /** Whether the scope at a position matches a request. @param action its key. */
  matches(position: number, principal: Subject, action: string, resource: Subject): boolean;
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

export function createScopeTable(schema: Schema, policies: readonly Policy[]): ScopeTable {
  const numbers = new Map<string, number>();
  const actions = createActionSets(schema);
  const rows = new Int32Array(policies.length * COLUMNS);
  for (const [position, { scope }] of policies.entries()) writeRow(position * COLUMNS, scope);

  return {
    names: { numberOf: (text) => numbers.get(text) ?? UNKNOWN },
    principalOf: (position) => at(position * COLUMNS + PRINCIPAL_KEY),
    resourceOf: (position) => at(position * COLUMNS + RESOURCE_KEY),
    actionsOf: (position) => actions.sets[at(position * COLUMNS + ACTIONS)],

    matches(position, principal, action, resource) {
      const row = position * COLUMNS;
      const exact = at(row + EXACT);

      return (
        isMet(at(row + PRINCIPAL_TYPE), at(row + PRINCIPAL_KEY), exact & EXACT_PRINCIPAL, principal) &&
        isMet(at(row + RESOURCE_TYPE), at(row + RESOURCE_KEY), exact & EXACT_RESOURCE, resource) &&
        actions.sets[at(row + ACTIONS)]?.has(action) !== false
      );
    },
  };

  function at(index: number): number {
    return rows[index] ?? UNKNOWN;
  }

  function writeRow(row: number, { principal, action, resource }: Scope): void {
    rows[row + PRINCIPAL_TYPE] = 'type' in principal ? numbered(principal.type) : ANY;
    rows[row + PRINCIPAL_KEY] = keyOf(principal);
    rows[row + RESOURCE_TYPE] = 'type' in resource ? numbered(resource.type) : ANY;
    rows[row + RESOURCE_KEY] = keyOf(resource);
    rows[row + ACTIONS] = actions.numberOf(action);
    rows[row + EXACT] =
      (principal.op === '==' ? EXACT_PRINCIPAL : 0) | (resource.op === '==' ? EXACT_RESOURCE : 0);
  }

  function keyOf(constraint: EntityConstraint): number {
    return 'uid' in constraint ? numbered(uidKey(constraint.uid.type, constraint.uid.id)) : ANY;
  }

  function numbered(text: string): number {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, numbers.size);

    return numbers.size - 1;
  }
}

function isMet(type: number, key: number, exact: number, subject: Subject): boolean {
  if (type !== ANY && type !== subject.type) return false;
  if (key === ANY || key === subject.keys[0]) return true;
  if (exact !== 0) return false;
  for (let index = 1; index < subject.count; index += 1) if (subject.keys[index] === key) return true;

  return false;
}

interface ActionSets {
  readonly sets: readonly ReadonlySet<string>[];
  /** @returns {@link ANY} for all actions. */
  numberOf(constraint: ActionConstraint): number;
}

/** Policies that name the same actions share their set. */
function createActionSets(schema: Schema): ActionSets {
  const members = membersOfActions(schema);
  const sets: ReadonlySet<string>[] = [];
  const numbers = new Map<string, number>();

  return {
    sets,

    numberOf(constraint) {
      if (constraint.op === 'all') return ANY;

      const text = JSON.stringify([constraint.op, constraint.uids.map(({ type, id }) => uidKey(type, id))]);
      const known = numbers.get(text);
      if (known !== undefined) return known;
      numbers.set(text, sets.length);

      return sets.push(matchingActions(constraint, members)) - 1;
    },
  };
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
  { op, uids }: Exclude<ActionConstraint, { op: 'all' }>,
  members: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const matching = new Set<string>();
  for (const { type, id } of uids) {
    const key = uidKey(type, id);
    matching.add(key);
    if (op === 'in') for (const member of members.get(key) ?? []) matching.add(member);
  }

  return matching;
}
