import type { EvaluationRequest } from '../evaluator.ts';
import type { Value } from '../value/value.ts';
import type { Failed } from './failure.ts';
import type { Constant } from './literals.ts';

/** What an expression is evaluated over. */
export interface Environment extends EvaluationRequest {
  /** Whether one entity is another, or stands below it (Cedar: `in`, of two entities). */
  readonly isIn: (key: string, above: string) => boolean;
}

/** A compiled expression. It neither throws nor changes anything; the constants are those of the policy that it runs for. */
export type Expression = (environment: Environment, constants: readonly Constant[]) => Value | Failed;
