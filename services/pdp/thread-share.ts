import { PdpError } from '../engine/error.ts';
import { LIMITS } from '../engine/limits.ts';

/** A share of this thread's time, for work that must not take all of it. */
export interface ThreadShare {
  /** Does the work at once. @throws PdpError `unavailable` where the share is used up; what the work throws. */
  run<Result>(work: () => Result): Result;
}

/** What may be taken at once, in milliseconds: after a pause, so much is saved up. */
const SAVED_MS = 500;

/**
 * The share of bundles that Cedar judges although they were deployed for the compiled evaluator: Cedar's takes a hundred times
 * as long, and other stores, health checks and administration live on the same thread.
 * @param now milliseconds on a clock that never goes back.
 */
export function createFallbackShare(now: () => number = () => performance.now()): ThreadShare {
  const share = LIMITS.fallback_percent / 100;
  let left = SAVED_MS;
  let countedAt = now();

  return {
    run(work) {
      const startedAt = now();
      left = Math.min(SAVED_MS, left + share * (startedAt - countedAt));
      countedAt = startedAt;
      if (left <= 0) throw usedUp();

      try {
        return work();
      } finally {
        left -= now() - startedAt;
      }
    },
  };
}

function usedUp(): PdpError {
  return new PdpError(
    'unavailable',
    'Cedar judges this bundle in place of the compiled policies, and cannot keep up; try again later',
    { limit: { name: 'fallback_percent', max: LIMITS.fallback_percent } },
  );
}
