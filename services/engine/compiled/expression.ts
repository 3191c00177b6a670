import type { Entity } from '../data/entity.ts';
import type { EvaluationRequest } from '../evaluator.ts';
import type { EntityUid, Value } from '../value/value.ts';
import type { Failed } from './failure.ts';
import type { Constant } from './literals.ts';

/** What an expression is evaluated over. */
export interface Environment extends Omit<EvaluationRequest, 'entity'> {
  /** The literals of all policies, each one's own next to each other. */
  readonly constants: readonly Constant[];
  /** The entity with this identifier, if there is one. */
  entityOf(uid: EntityUid): Entity | undefined;
  /** Whether one entity is another, or stands below it (Cedar: `in`, of two entities). */
  isIn(entity: EntityUid, above: EntityUid): boolean;
}

/**
 * A compiled expression. It changes nothing, and throws only what {@link ./meter.ts} does: a request that is too much work ends there.
 * @param at where among the constants those of the policy begin that it runs for.
 */
export type Expression = (environment: Environment, at: number) => Value | Failed;
