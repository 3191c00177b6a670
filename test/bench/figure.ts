/** One figure, as `--json` prints it: a member that does not apply is absent. */
export interface Figure {
  readonly name: string;
  /** Of `p50` and `p99`. */
  readonly unit: 'us' | 'ms';
  readonly p50?: number;
  readonly p99?: number;
  readonly per_second?: number;
  /** What the echo server did in the same rounds. */
  readonly baseline_per_second?: number;
  /** Median over the rounds of `per_second` by `baseline_per_second`. */
  readonly ratio?: number;
  /** Resident set size of the server, of all its processes together. */
  readonly rss_mb?: number;
}

/** How long and how often to measure. */
export interface Effort {
  /** Rounds; what is compared takes turns within each. */
  readonly rounds: number;
  /** Different requests. */
  readonly requests: number;
  /** Passes through all requests in one round, where a round is counted and not timed. */
  readonly passes: number;
  /** Length of one measurement in a round, and of the unmeasured part before it. */
  readonly measureMs: number;
  readonly warmUpMs: number;
  /** Length of the sustained load. */
  readonly sustainedMs: number;
  /** Policies of the bundle that servers decide by. */
  readonly policies: number;
  readonly starts: number;
}

export const FULL_EFFORT: Effort = {
  rounds: 5,
  requests: 400,
  passes: 5,
  measureMs: 3_000,
  warmUpMs: 1_000,
  sustainedMs: 60_000,
  policies: 4_000,
  starts: 5,
};

/** Enough to see that everything works, and not to compare anything. */
export const QUICK_EFFORT: Effort = {
  rounds: 1,
  requests: 40,
  passes: 1,
  measureMs: 300,
  warmUpMs: 100,
  sustainedMs: 2_000,
  policies: 400,
  starts: 1,
};
