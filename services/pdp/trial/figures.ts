import { z } from 'zod';

const count = z.number().int().nonnegative();
/** How many durations fell into each bucket, by its number. */
const durations = z.record(z.string().regex(/^\d{1,3}$/), count);

/** What was counted of a candidate beside the active bundle; the figures of several processes add up. */
export const FIGURES = z.object({
  /** Requests that the candidate was to decide: those that it decided, and those in which it alone failed. */
  served: count,
  /** Of them, those in which it failed although the active bundle decides them. */
  failed: count,
  /** Decisions that both judged beside each other, the active bundle without an error. */
  compared: count,
  /** Of them, those on which they differ: one allows, the other denies. */
  flips: count,
  /** Of them, those in which the candidate, or a policy of it, failed. */
  errors: count,
  /** Decisions that were to be compared and were not: too many waited, or judging failed. */
  dropped: count,
  /** How long judging those that were compared took, by each of the two. */
  active: durations,
  candidate: durations,
});
export type Figures = z.infer<typeof FIGURES>;

export const NO_FIGURES: Figures = {
  served: 0,
  failed: 0,
  compared: 0,
  flips: 0,
  errors: 0,
  dropped: 0,
  active: {},
  candidate: {},
};

/** Buckets grow by a twelfth of a doubling, 6 %, from a microsecond; the last one begins beyond a second. */
const STEPS = 12;
const FIRST_MS = 0.001;
const LAST_BUCKET = 250;

/** The number of the bucket that a duration in milliseconds falls into. */
export function bucketOf(ms: number): number {
  if (ms <= FIRST_MS) return 0;

  return Math.min(LAST_BUCKET, Math.ceil(STEPS * Math.log2(ms / FIRST_MS)));
}

/** The duration in milliseconds that so large a share of all stays within; `undefined` where there is none. */
export function quantile(buckets: Figures['active'], share: number): number | undefined {
  const total = timed(buckets);
  if (total === 0) return undefined;

  let seen = 0;
  for (let bucket = 0; bucket <= LAST_BUCKET; bucket += 1) {
    seen += buckets[bucket] ?? 0;
    if (seen >= share * total) return FIRST_MS * 2 ** (bucket / STEPS);
  }

  return undefined;
}

/** How many durations there are. */
export function timed(buckets: Figures['active']): number {
  return Object.values(buckets).reduce((sum, each) => sum + each, 0);
}

export function addFigures(one: Figures, other: Figures): Figures {
  return {
    served: one.served + other.served,
    failed: one.failed + other.failed,
    compared: one.compared + other.compared,
    flips: one.flips + other.flips,
    errors: one.errors + other.errors,
    dropped: one.dropped + other.dropped,
    active: addDurations(one.active, other.active),
    candidate: addDurations(one.candidate, other.candidate),
  };
}

function addDurations(one: Figures['active'], other: Figures['active']): Figures['active'] {
  const sum: Figures['active'] = { ...one };
  for (const [bucket, counted] of Object.entries(other)) sum[bucket] = (sum[bucket] ?? 0) + counted;

  return sum;
}
