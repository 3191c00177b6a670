/** Which calls were recorded a moment ago, so that one who asks again and again does not fill the log. */
export interface Repeats {
  /** @param key `undefined`: it is never a repeat. */
  isRepeat(key: string | undefined): boolean;
  /** To be called once it is recorded, and not before: what failed is no record. */
  keep(key: string | undefined): void;
}

/** How long one record stands for all calls like it, in milliseconds. */
export const REPEAT_MS = 60_000;

/** Keys that are kept; more are recorded rather than remembered. */
const KEPT = 10_000;

/** @param now milliseconds on a clock that does not jump. */
export function createRepeats(now: () => number = () => performance.now()): Repeats {
  const recorded = new Map<string, number>();

  return {
    isRepeat(key) {
      const at = key === undefined ? undefined : recorded.get(key);

      return at !== undefined && now() - at < REPEAT_MS;
    },

    keep(key) {
      if (key === undefined) return;
      if (recorded.size >= KEPT) recorded.clear();
      recorded.set(key, now());
    },
  };
}
