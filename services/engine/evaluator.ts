import type { Entity } from './data/entities.ts';
import type { CedarRecord, EntityUid } from './value/value.ts';

/** A request that was checked against its bundle's schema: everything in it is a Cedar value. */
export interface EvaluationRequest {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  /** With `pdp`, where the action declares facts. */
  readonly context: CedarRecord;
  /** Every entity that evaluation can read, by key. Action entities come from the schema and never stand here. */
  readonly entity: (key: string) => Entity | undefined;
}

export interface PolicyFailure {
  readonly policyId: string;
  readonly message: string;
}

/** What Cedar answers, before any rule of Palisade's own. */
export interface Evaluation {
  readonly decision: 'allow' | 'deny';
  /** Ids of the policies that determined it, sorted by UTF-16 units: all satisfied forbids, else all satisfied permits. */
  readonly determining: readonly string[];
  /** Policies that Cedar skipped because they failed, sorted by id. */
  readonly errors: readonly PolicyFailure[];
}

/** Which evaluator judges: closures over plain values, or Cedar's own in WebAssembly. */
export const EVALUATORS = ['compiled', 'cedar'] as const;
export type EvaluatorName = (typeof EVALUATORS)[number];

/** One compiled bundle's judge. Synchronous and pure: no clock, no I/O; the same request has the same answer. */
export interface Evaluator {
  /** For the decision record. */
  readonly name: string;
  /**
   * @throws PdpError `internal` where the evaluator itself failed, `unavailable` where a policy that the request needs is
   * quarantined, `too_large` where the request selects more policies or entities than the limits admit.
   */
  evaluate(request: EvaluationRequest): Evaluation;
  /** How many instances trapped and were replaced. */
  readonly restarts: number;
  /** Ids of policies that trapped again and again, alone: no request that needs one is decided. */
  readonly quarantined: readonly string[];
}
