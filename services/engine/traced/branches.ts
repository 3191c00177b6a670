import { chain } from '../compiled/compile.ts';
import type { Clause, Est } from '../compiled/shape.ts';

/** Where a branch stands: a whole clause, an operand of `&&` or `||`, or a part of an `if`. */
export type BranchPart = 'when' | 'unless' | 'operand' | 'if' | 'then' | 'else';

/** What tests should have seen of a branch; an arm of an `if` that gives another value than a Bool is only to be reached. */
export type Goal = 'true' | 'false' | 'reached';

/** A place where a condition can go one way or the other. */
export interface Branch {
  readonly part: BranchPart;
  readonly node: Est;
  readonly goals: readonly Goal[];
}

/**
 * The branches of a policy's conditions, outer ones first, as they stand in the text: each clause, each operand of a chain of
 * `&&` or `||`, the test of each `if` and both its arms. A literal `true` or `false` can only be seen as what it is.
 */
export function branchesOf(clauses: readonly Clause[]): readonly Branch[] {
  return clauses.flatMap(({ kind, body }) => branch(kind === 'unless' ? 'unless' : 'when', body, true));
}

function branch(part: BranchPart, node: Est, isCondition: boolean): Branch[] {
  return [{ part, node, goals: isCondition ? goalsOf(node) : ['reached'] }, ...inside(node, isCondition)];
}

function goalsOf(node: Est): readonly Goal[] {
  const literal = node['Value'];

  return typeof literal === 'boolean' ? [`${literal}`] : ['true', 'false'];
}

function inside(node: Est, isCondition: boolean): Branch[] {
  const [operator, body] = Object.entries(node)[0] ?? [];
  if (operator === '&&' || operator === '||') {
    return chain(operator, body as Est).flatMap((operand) => branch('operand', operand, true));
  }
  if (operator === 'if-then-else') {
    const arms = body as Readonly<Record<'if' | 'then' | 'else', Est>>;

    return [
      ...branch('if', arms.if, true),
      ...branch('then', arms.then, isCondition),
      ...branch('else', arms.else, isCondition),
    ];
  }

  return childrenOf(node).flatMap((child) => inside(child, operator === '!'));
}

/** The expressions right inside of one, in the order of the text. */
export function childrenOf(node: Est): readonly Est[] {
  const [operator, body] = Object.entries(node)[0] ?? [];
  if (operator === undefined || operator === 'Var' || operator === 'Value' || operator === 'Literal')
    return [];
  if (Array.isArray(body)) return body as readonly Est[];

  return Object.values(body as Est).filter(
    (child): child is Est => typeof child === 'object' && child !== null && !Array.isArray(child),
  );
}
