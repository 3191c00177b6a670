/** A decision as a client of either transport reads it. */
export interface Decided {
  readonly decision: string;
  readonly reasonCode: string;
  readonly enforcement: string;
  /** RFC 3339. */
  readonly evaluatedAt: string;
  /** With full detail. */
  readonly explanation:
    | {
        readonly determining: readonly string[];
        readonly errors: readonly string[];
        readonly cedarDecision: string;
      }
    | undefined;
}

export interface Refused {
  readonly code: string;
  readonly message: string;
}

export type Outcome = Decided | Refused;

/** What came back for one case. */
export interface Answer {
  /** By the index in a batch, the request id in a stream, else `0`. */
  readonly items: readonly { readonly key: string; readonly outcome: Outcome }[];
  /** The refusal of the whole call. */
  readonly refused: Refused | undefined;
}

/** Code of an answer that never came. */
export const NO_ANSWER = 'no_answer';
/** Code of a connection that ended without one. */
export const BROKEN = 'broken';
/** Time after which an answer never comes: five times what a call gets that brings no deadline. */
export const ANSWER_MS = 10_000;

export function isDecided(outcome: Outcome): outcome is Decided {
  return 'decision' in outcome;
}
