import type { ToldEntities } from '../entities/demanded.ts';

/** A decision to be judged again: plain data, complete but for what its store held, which the thread asks for. */
export interface VerificationCase {
  /** Of the bundle that decided. */
  readonly digest: string;
  /** What was asked, as its record keeps it encrypted. */
  readonly input: string;
  /** The facts that were asserted, as JSON text. */
  readonly facts: string;
  readonly served: ServedVerdict;
}

/** What a decision was determined by, without the words of messages. */
export interface ServedVerdict {
  readonly decision: 'allow' | 'deny';
  readonly determining: readonly string[];
  /** Ids of the policies that failed. */
  readonly failing: readonly string[];
}

/**
 * What came of judging again. `failed`: nothing was learnt, because Cedar trapped, a limit stood in the way, or the bundle could not be
 * had.
 */
export type Judgement =
  | { readonly kind: 'equal' }
  | { readonly kind: 'different'; readonly served: string; readonly cedar: string }
  | Failed;

export interface Failed {
  readonly kind: 'failed';
  readonly problem: string;
}

/** What the thread is told: a case, or what it asked for: the archive, none where it cannot be had now, or what the store held. */
export type ToThread<Case> =
  | { readonly kind: 'case'; readonly case: Case }
  | { readonly kind: 'archive'; readonly archive: Uint8Array | undefined }
  | { readonly kind: 'entities'; readonly entities: ToldEntities };

/** What the thread says, and then waits. */
export type FromThread<Judged> =
  | { readonly kind: 'wanted'; readonly digest: string }
  | { readonly kind: 'missed'; readonly keys: readonly string[] }
  | { readonly kind: 'judged'; readonly judgement: Judged | Failed };
