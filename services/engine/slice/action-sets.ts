import type { ActionConstraint, Policy } from '../policy.ts';
import type { Schema } from '../schema/schema.ts';
import { eachInSteps, type Steps } from '../steps.ts';
import { uidKey } from '../value/value.ts';
import { ANY, numbered, UNKNOWN } from './numbers.ts';

/**
 * The actions and groups that scopes name. Policies that name the same ones share their set.
 *
 * A set holds the names that are written, and a request goes by several: its action's own and those of the groups that it is in. The
 * other way round, with groups replaced by the actions in them, one group of ten thousand would stand ten thousand times in each set.
 */
export interface ActionSets {
  /** The number of the set of each policy, by position; {@link ANY}: all actions. */
  readonly byPosition: Int32Array;
  /** Numbers of the names in a set. */
  namesIn(set: number): Int32Array;
  /**
   * Makes an action the one that the others are asked about.
   * @returns the numbers of those of its names that scopes use.
   */
  choose(action: string): readonly number[];
  /** The first name in a set that the chosen action goes by; {@link UNKNOWN}: it goes by none. */
  nameIn(set: number): number;
  /** Whether a set holds the chosen action. */
  has(set: number): boolean;
}

export function* actionSetsInSteps(schema: Schema, policies: readonly Policy[]): Steps<ActionSets> {
  const numbers = new Map<string, number>();
  const known = new Map<string, number>();
  const starts = [0];
  const members: number[] = [];
  const byPosition = new Int32Array(policies.length);
  yield* eachInSteps(policies, ({ scope: { action } }, position) => {
    byPosition[position] = setOf(action);
  });
  const begin = Int32Array.from(starts);
  const names = Int32Array.from(members);

  // Of each action that was asked for, so no more than the schema has.
  const goesBy = new Map<string, readonly number[]>();
  // Of the request that is being sliced. Slicing calls nobody, so one of each does for all.
  let chosen: readonly number[] = [];
  const isChosen = new Uint8Array(numbers.size);

  return {
    byPosition,
    namesIn: (set) => names.subarray(begin[set], begin[set + 1]),

    choose(action) {
      for (const name of chosen) isChosen[name] = 0;
      chosen = namesOf(action);
      for (const name of chosen) isChosen[name] = 1;

      return chosen;
    },

    nameIn,
    has: (set) => set === ANY || nameIn(set) !== UNKNOWN,
  };

  function nameIn(set: number): number {
    const end = begin[set + 1] ?? 0;
    for (let at = begin[set] ?? 0; at < end; at += 1) {
      const name = names[at] ?? UNKNOWN;
      if (isChosen[name] === 1) return name;
    }

    return UNKNOWN;
  }

  function setOf(constraint: ActionConstraint): number {
    if (constraint.op === 'all') return ANY;

    const { op, uids } = constraint;
    const named = new Set(uids.map(({ type, id }) => numbered(numbers, nameText(op, uidKey(type, id)))));
    const text = [...named].join();
    const before = known.get(text);
    if (before !== undefined) return before;
    known.set(text, starts.length - 1);
    members.push(...named);

    return starts.push(members.length) - 2;
  }

  function namesOf(action: string): readonly number[] {
    const kept = goesBy.get(action);
    if (kept !== undefined) return kept;

    const declared = schema.actions.get(action);
    const groups = declared?.ancestors.map(({ key }) => nameText('in', key)) ?? [];
    const all = [nameText('==', action), nameText('in', action), ...groups];
    const used = all.flatMap((text) => numbers.get(text) ?? []);
    if (declared !== undefined) goesBy.set(action, used);

    return used;
  }
}

/** `==` names an action alone, `in` all that are in it as well. */
function nameText(op: '==' | 'in', key: string): string {
  return `${op} ${key}`;
}
