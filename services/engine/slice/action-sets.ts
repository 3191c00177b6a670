import type { ActionConstraint, Policy } from '../policy.ts';
import type { Schema } from '../schema/schema.ts';
import { uidKey } from '../value/value.ts';
import { ANY, numbered, UNKNOWN } from './numbers.ts';

/** The actions that scopes name, groups expanded through the schema. Policies that name the same ones share their set. */
export interface ActionSets {
  /** The number of the set of each policy, by position; {@link ANY}: all actions. */
  readonly byPosition: Int32Array;
  /** @returns the number of an action by its key; {@link UNKNOWN} for one that neither schema nor scope names. */
  numberOf(key: string): number;
  /** Numbers of the actions in a set; `undefined`: all. */
  membersOf(set: number): readonly number[] | undefined;
  /** Whether a set holds an action, both by number. */
  has(set: number, action: number): boolean;
}

/** Bits in a word of a row. */
const WORD_BITS = 32;

export function createActionSets(schema: Schema, policies: readonly Policy[]): ActionSets {
  const numbers = new Map<string, number>();
  for (const key of schema.actions.keys()) numbered(numbers, key);
  const below = membersOfGroups(schema);
  const sets: (readonly number[])[] = [];
  const known = new Map<string, number>();
  const byPosition = Int32Array.from(policies, ({ scope: { action } }) => setOf(action));
  const width = Math.ceil(numbers.size / WORD_BITS);
  const bits = bitsOf(sets, width);

  return {
    byPosition,
    numberOf: (key) => numbers.get(key) ?? UNKNOWN,
    membersOf: (set) => (set === ANY ? undefined : (sets[set] ?? [])),

    has(set, action) {
      // Of an array, an index below zero is looked up as a name, which takes as long as all else here together.
      if (set === ANY) return true;
      if (action === UNKNOWN) return false;

      return (((bits[set * width + Math.trunc(action / WORD_BITS)] ?? 0) >>> (action % WORD_BITS)) & 1) === 1;
    },
  };

  function setOf(constraint: ActionConstraint): number {
    if (constraint.op === 'all') return ANY;

    const keys = constraint.uids.map(({ type, id }) => uidKey(type, id));
    const text = JSON.stringify([constraint.op, keys]);
    const before = known.get(text);
    if (before !== undefined) return before;
    known.set(text, sets.length);

    const members = new Set<number>();
    for (const key of keys) {
      members.add(numbered(numbers, key));
      if (constraint.op === 'in')
        for (const member of below.get(key) ?? []) members.add(numbered(numbers, member));
    }

    return sets.push([...members]) - 1;
  }
}

/** Of each group, by its key, the keys of the actions in it. */
function membersOfGroups(schema: Schema): ReadonlyMap<string, readonly string[]> {
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

/** A row of so many words for each set. */
function bitsOf(sets: readonly (readonly number[])[], width: number): Uint32Array {
  const bits = new Uint32Array(sets.length * width);
  for (const [set, members] of sets.entries()) {
    for (const action of members) {
      const word = set * width + Math.trunc(action / WORD_BITS);
      bits[word] = (bits[word] ?? 0) | (1 << (action % WORD_BITS));
    }
  }

  return bits;
}
