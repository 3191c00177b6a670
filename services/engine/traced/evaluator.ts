import { type Around, compileClauses } from '../compiled/compile.ts';
import { createEvaluatorOf } from '../compiled/evaluator.ts';
import type { Expression } from '../compiled/expression.ts';
import type { Clause, Est } from '../compiled/shape.ts';
import type { Evaluator } from '../evaluator.ts';
import type { Policy } from '../policy.ts';
import type { Schema } from '../schema/schema.ts';
import { createClauseReader } from './clauses.ts';

/** Told what evaluation does, as it does it. */
export interface Observer {
  /** An expression was evaluated; in one evaluation of one policy, each at most once. Operands come before their operator. */
  expression(node: Est, result: Result): void;
  /** The condition of a policy whose scope matches was evaluated: true, false or failed. */
  policy(policy: Policy, result: Result): void;
}

/** A value, or that Cedar fails. */
export type Result = ReturnType<Expression>;

/** An evaluator that can be watched. */
export interface TracedEvaluator extends Evaluator {
  /** The clauses of a policy; their nodes are those that the observer is told of. Links of one template share theirs. */
  clausesOf(policy: Policy): readonly Clause[];
}

/**
 * The compiled evaluator with an observer around each of its closures: the same code decides, so that what is observed is what
 * happens in production. Closures are made when a policy is first looked at, and not shared between policies.
 */
export function createTracedEvaluator(
  schema: Schema,
  policies: readonly Policy[],
  observer: Observer,
): TracedEvaluator {
  const clausesOf = createClauseReader();
  const around: Around = (node, expression) => (environment, at) => {
    const result = expression(environment, at);
    observer.expression(node, result);

    return result;
  };
  const conditions = policies.map((policy): Expression => {
    let made: Expression | undefined;

    return (environment, at) => {
      made ??= compileClauses(clausesOf(policy), around);
      const result = made(environment, at);
      observer.policy(policy, result);

      return result;
    };
  });

  return { ...createEvaluatorOf(schema, policies, conditions), name: 'traced', clausesOf };
}
