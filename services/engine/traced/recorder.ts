import { FAILED, failureReason } from '../compiled/failure.ts';
import type { Est } from '../compiled/shape.ts';
import type { Policy } from '../policy.ts';
import type { Value } from '../value/value.ts';
import type { Observer, Result } from './evaluator.ts';

/** What came of an expression: a value, or why Cedar fails in it. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'error'; readonly message: string };

/** What one policy did in one evaluation: its own outcome, and that of each expression that was reached. */
export interface PolicyTrace {
  readonly policy: Policy;
  readonly outcome: Outcome;
  readonly expressions: ReadonlyMap<Est, Outcome>;
}

/** Keeps what happens in one evaluation. */
export interface Recorder extends Observer {
  readonly traces: readonly PolicyTrace[];
}

export function createRecorder(): Recorder {
  const traces: PolicyTrace[] = [];
  let expressions = new Map<Est, Outcome>();

  return {
    traces,
    expression(node, result) {
      expressions.set(node, outcomeOf(result));
    },
    policy(policy, result) {
      traces.push({ policy, outcome: outcomeOf(result), expressions });
      // Links of one template share their nodes.
      expressions = new Map();
    },
  };
}

function outcomeOf(result: Result): Outcome {
  return result === FAILED ? { kind: 'error', message: failureReason() } : { kind: 'value', value: result };
}
