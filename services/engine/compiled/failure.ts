/**
 * What an expression gives that Cedar fails in. A value and not an exception: a policy that fails is an everyday thing, and throwing
 * costs more than evaluating.
 */
export const FAILED: unique symbol = Symbol('failed');
export type Failed = typeof FAILED;

let reason = '';

/** Fails, and keeps why until the policy's end; the text is for people and no part of what is compared with Cedar. */
export function fail(why: string): Failed {
  reason = why;

  return FAILED;
}

/** Why the last expression failed. */
export function failureReason(): string {
  return reason;
}
