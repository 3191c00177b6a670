import type { Est } from '../compiled/shape.ts';
import type { Schema } from '../schema/schema.ts';
import type { Partial } from './partial.ts';
import type { FixedView } from './state.ts';

/** What evaluating one operator in part needs of the walk through its policy. */
export interface Walk {
  readonly schema: Schema;
  readonly view: FixedView;
  /** Evaluates a node in part, each one once. */
  readonly partially: (node: Est) => Partial;
  /** Evaluates an operator all of whose operands are evaluated; what it gives is not judged. */
  readonly strict: (node: Est) => Partial;
  /** Writes what came out of a node into a residual. */
  readonly write: (partial: Partial, node: Est) => Est;
}

/** How one operator is evaluated in part. @param body what stands below it in the node. */
export type Rule = (walk: Walk, node: Est, body: Est) => Partial;

/** An operand that Cedar's JSON form has under this name. */
export function operandOf(body: Est, name: string): Est {
  return body[name] as Est;
}
