import type { EvaluatorName } from '../../engine/evaluator.ts';
import type { BundleRef } from '../types.ts';

/** A decision to be judged by two bundles beside each other: plain data, complete but for what its store held. */
export interface ComparisonCase {
  /** Digests of the two. */
  readonly active: string;
  readonly candidate: string;
  readonly evaluator: EvaluatorName;
  /** What was asked, as its record keeps it encrypted. */
  readonly input: string;
  /** When, in milliseconds since the epoch: facts are of that moment. */
  readonly at: number;
  /** The facts but `now`, as its record tells them; absent where there were none. They are not to be had again. */
  readonly facts?: string | undefined;
}

/** How one bundle judged. */
export interface Side {
  readonly bundle: BundleRef;
  /** Absent where it could not judge at all: an error's code. */
  readonly verdict:
    | {
        readonly decision: 'allow' | 'deny';
        readonly reasonCode: string;
        readonly determining: readonly string[];
      }
    | undefined;
  /** Whether it, or a policy of it, failed. */
  readonly failed: boolean;
  /** Milliseconds. */
  readonly tookMs: number;
}

/** `failed`: nothing was learnt, because a bundle could not be had or the thread died. */
export type Comparison =
  | { readonly kind: 'compared'; readonly active: Side; readonly candidate: Side }
  | { readonly kind: 'failed'; readonly problem: string };
