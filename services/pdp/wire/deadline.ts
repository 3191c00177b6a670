import { PdpError } from '../../engine/error.ts';

/** What bounds the work for one call. */
export interface Bounds {
  /** Milliseconds on the clock of `performance.now()`. */
  readonly deadline: number;
  /** Aborts at the deadline and when the caller leaves. */
  readonly signal: AbortSignal;
}

/**
 * Why a signal aborts when its caller is gone. Every call ends so, answered ones too, and without a reason Node makes an
 * exception with a stack for each.
 */
export const LEFT = 'the caller is gone';

/**
 * Runs the work for one call and settles at its deadline, also where the work never does.
 * @param timeoutMs what is left until the deadline.
 * @param left aborts when the caller is gone.
 * @throws PdpError `unavailable` at the deadline, or what `work` throws.
 */
export async function withinDeadline<T>(
  timeoutMs: number,
  left: AbortSignal,
  work: (bounds: Bounds) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  const onDeadline = () => {
    const error = new PdpError('unavailable', 'not decided within the deadline');
    controller.abort(error);
    late.reject(error);
  };
  const onLeave = () => controller.abort(left.reason);
  const timer = setTimeout(onDeadline, Math.max(0, timeoutMs));
  left.addEventListener('abort', onLeave, { once: true });
  if (left.aborted) onLeave();

  try {
    const deadline = performance.now() + timeoutMs;
    return await Promise.race([work({ deadline, signal: controller.signal }), late.promise]);
  } finally {
    clearTimeout(timer);
    left.removeEventListener('abort', onLeave);
  }
}
