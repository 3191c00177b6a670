import { compileClauses } from '../compiled/compile.ts';
import type { Expression } from '../compiled/expression.ts';
import { type Clause, clausesOf, type Est } from '../compiled/shape.ts';

/** The conditions of policies of one shape, ready to be evaluated in part. */
export interface PreparedCondition {
  /** What must all be true: an `unless` is negated. */
  readonly operands: readonly Est[];
  /** For each node that no request changes: it compiled. */
  readonly closed: ReadonlyMap<Est, Expression>;
}

/** @param shape as `conditionOf` gives it. @throws Error as `compileShape`. */
export function prepareCondition(shape: string): PreparedCondition {
  const clauses = clausesOf(shape);
  const closed = new Map<Est, Expression>();
  const open = openNodes(clauses);
  compileClauses(clauses, (node, expression) => {
    if (!open.has(node)) closed.set(node, expression);

    return expression;
  });

  return {
    operands: clauses.map(({ kind, body }) => (kind === 'when' ? body : { '!': { arg: body } })),
    closed,
  };
}

/** Nodes that name the resource or the context, or have one below them that does. */
function openNodes(clauses: readonly Clause[]): ReadonlySet<unknown> {
  const open = new Set<unknown>();
  for (const { body } of clauses) visit(body);

  return open;

  function visit(node: unknown): boolean {
    if (typeof node !== 'object' || node === null) return false;
    const { Var: name } = node as Est;
    let isOpen = name === 'resource' || name === 'context';
    for (const child of Object.values(node)) if (visit(child)) isOpen = true;
    if (isOpen) open.add(node);

    return isOpen;
  }
}
