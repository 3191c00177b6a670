import { PdpError } from '../../engine/error.ts';
import { LIMITS } from '../../engine/limits.ts';
import { CallSignal } from '../call-signal.ts';

/** Time for a wait for people: it ends by itself, with what is known by then, before its deadline does. */
export const WAIT_TIMEOUT_MS = LIMITS.approval_wait_ms + 1_000;

/** What bounds the work for one call. */
export interface Bounds {
  /** Milliseconds on the clock of `performance.now()`. */
  readonly deadline: number;
  /** Aborts at the deadline and when the caller leaves. */
  readonly signal: CallSignal;
}

/**
 * Runs the work for one call and settles at its deadline, also where the work never does.
 * @param timeoutMs what is left until the deadline.
 * @param left aborts when the caller is gone.
 * @throws PdpError `unavailable` at the deadline, or what `work` throws.
 */
export function withinDeadline<T>(
  timeoutMs: number,
  left: CallSignal,
  work: (bounds: Bounds) => Promise<T>,
): Promise<T> {
  // One promise and not three: this is made for every call.
  return new Promise((resolve, reject) => {
    const signal = new CallSignal();
    let late: PdpError | undefined;
    const timer = setTimeout(() => {
      late = new PdpError('unavailable', 'not decided within the deadline');
      signal.abort();
      // Whoever works for the call first notes what it waited for, and then the call is answered.
      setImmediate(fail, late);
    }, timerMs(timeoutMs));
    const stay = left.onAbort(() => signal.abort());
    const fail = (thrown: unknown): void => {
      clearTimeout(timer);
      stay();
      reject(late ?? thrown);
    };

    try {
      work({ deadline: performance.now() + timeoutMs, signal }).then((result) => {
        if (late !== undefined) return;
        clearTimeout(timer);
        stay();
        resolve(result);
      }, fail);
    } catch (thrown) {
      fail(thrown);
    }
  });
}

/** Timers of equal length are a list to Node, and each other length is one more entry of a heap. */
const LONG_MS = 1_000;
const STEP_MS = 50;

/** A long wait is rounded up a little; nothing is replied after the deadline itself in any case. */
function timerMs(timeoutMs: number): number {
  return timeoutMs < LONG_MS ? Math.max(0, timeoutMs) : Math.ceil(timeoutMs / STEP_MS) * STEP_MS;
}
