import type { Policy } from '../policy.ts';
import { eachInSteps, type Steps } from '../steps.ts';
import type { Expression } from './expression.ts';
import { type Constant, createConstantPool } from './literals.ts';
import { sortInSteps } from './sort-in-steps.ts';

/** Compiled policies. What an evaluation reads of each lies in rows, as in the index. */
export interface CompiledPolicies {
  /** By position. */
  readonly ids: readonly string[];
  /** Distinct ones. */
  readonly conditions: readonly Expression[];
  /** The literals of each policy next to each other. */
  readonly constants: readonly Constant[];
  /** One for each position. */
  readonly rows: Int32Array;
}

/** Columns of a row. */
export const CONDITION = 0;
/** Where among the constants its own begin. */
export const LITERALS = 1;
/** 1 where a policy permits, 0 where it forbids. */
export const PERMITS = 2;
/** Its place among the ids of all policies in the order of UTF-16 units. */
export const RANK = 3;
export const COLUMNS = 4;

/** @param conditions compiled, each at the position of its policy; policies of one shape share theirs. */
export function* rowsInSteps(
  policies: readonly Policy[],
  conditions: readonly Expression[],
): Steps<CompiledPolicies> {
  const distinct = new Map<Expression, number>();
  const pool = createConstantPool();
  const rows = new Int32Array(policies.length * COLUMNS);
  yield* eachInSteps(policies, (policy, position) => {
    const condition = conditions[position];
    if (condition === undefined) throw new Error('a policy without its condition');
    const number = distinct.get(condition) ?? distinct.size;
    distinct.set(condition, number);
    const row = position * COLUMNS;
    rows[row + CONDITION] = number;
    rows[row + LITERALS] = pool.add(policy.condition.literals);
    rows[row + PERMITS] = policy.effect === 'permit' ? 1 : 0;
  });

  const ids = policies.map(({ id }) => id);
  // In the order of UTF-16 units.
  const ranked = yield* sortInSteps(ids.length, (one, other) => (ids[one] ?? '') < (ids[other] ?? ''));
  for (const [rank, position] of ranked.entries()) rows[position * COLUMNS + RANK] = rank;

  return { ids, conditions: [...distinct.keys()], constants: pool.constants, rows };
}
