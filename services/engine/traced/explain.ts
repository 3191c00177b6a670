import { chain } from '../compiled/compile.ts';
import type { Clause, Est, Literal } from '../compiled/shape.ts';
import { childrenOf } from './branches.ts';
import { expressionText } from './expression-text.ts';
import type { Outcome, PolicyTrace } from './recorder.ts';

/** An expression with what came of it, and the operands that made it so. */
export interface ExplainedExpression {
  readonly text: string;
  /** As Cedar's JSON form names it, such as `&&`, `like`, `.` or `Var`. */
  readonly operator: string;
  /** Absent: evaluation ended, or went another way, before it. */
  readonly outcome: Outcome | undefined;
  /** None for a literal, and for a path such as `context.input.path`, whose value says all. */
  readonly operands: readonly ExplainedExpression[];
}

/** A `when` or `unless` with its expression. */
export interface ExplainedClause {
  readonly kind: 'when' | 'unless';
  readonly expression: ExplainedExpression;
}

/** Explains the clauses of a policy by what was recorded of them. */
export function explainClauses(
  clauses: readonly Clause[],
  { policy, expressions }: PolicyTrace,
): readonly ExplainedClause[] {
  const { literals } = policy.condition;

  return clauses.map(({ kind, body }) => ({
    kind: kind === 'unless' ? 'unless' : 'when',
    expression: explain(body, literals, expressions),
  }));
}

function explain(
  node: Est,
  literals: readonly Literal[],
  outcomes: ReadonlyMap<Est, Outcome>,
): ExplainedExpression {
  return {
    text: expressionText(node, literals),
    operator: Object.keys(node)[0] ?? '',
    outcome: outcomes.get(node),
    operands: operandsOf(node).map((operand) => explain(operand, literals, outcomes)),
  };
}

/** What is worth a line of its own below an expression. */
function operandsOf(node: Est): readonly Est[] {
  const [operator = '', body] = Object.entries(node)[0] ?? [];
  if (operator === '&&' || operator === '||') return chain(operator, body as Est);
  if (operator === 'if-then-else') return childrenOf(node);
  if (isPath(node)) return [];
  // Of what is only asked whether it has something, the value would be everything else.
  const all = childrenOf(node);

  return operator === 'has' && all.every(isPath) ? [] : all.filter((operand) => !isConstant(operand));
}

/** A variable, or attributes of one. */
function isPath(node: Est): boolean {
  if ('Var' in node) return true;
  const access = node['.'];

  return access !== undefined && isPath((access as { readonly left: Est }).left);
}

function isConstant(node: Est): boolean {
  const [operator] = Object.keys(node);
  if (operator === 'Value' || operator === 'Literal') return true;

  return (operator === 'Set' || operator === 'Record') && childrenOf(node).every(isConstant);
}
