/** One figure, as `--json` prints it: a member that does not apply is absent. */
export interface Figure {
  readonly name: string;
  /** Of `p50`, `p99` and `cedar_p50`. */
  readonly unit?: 'us' | 'ms';
  readonly p50?: number;
  readonly p99?: number;
  /** `p50` of Cedar's own evaluator, in the same rounds; only with `--compare cedar`. */
  readonly cedar_p50?: number;
  readonly per_second?: number;
  /** What the echo server did in the same rounds, for `read/…` what `JSON.parse` did, for `limits/different` plain transactions. */
  readonly baseline_per_second?: number;
  /**
   * Median over the rounds of `per_second` by `baseline_per_second`; for `read/…` the other way round: how many times the
   * time of `JSON.parse` reading takes. For `stored/…` how many times the time by a small store; for `limits/different` that of
   * a plain transaction of PostgreSQL.
   */
  readonly ratio?: number;
  /** Resident set size of the server, of all its processes together; for `memory` what the policies add to one, for `ready/stored` the entities. */
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
  /** As `passes`, through Cedar's own evaluator. */
  readonly cedarPasses: number;
  /** Length of one measurement in a round, and of the unmeasured part before it. */
  readonly measureMs: number;
  readonly warmUpMs: number;
  /** Length of the sustained load. */
  readonly sustainedMs: number;
  /** Policies of the bundle that servers decide by. */
  readonly policies: number;
  readonly starts: number;
  /** Evaluations over which memory must stay flat. */
  readonly evaluations: number;
}

export const FULL_EFFORT: Effort = {
  rounds: 5,
  requests: 400,
  passes: 5,
  cedarPasses: 1,
  measureMs: 3_000,
  warmUpMs: 1_000,
  sustainedMs: 60_000,
  policies: 4_000,
  starts: 5,
  evaluations: 1_000_000,
};

/** Enough to see that everything works, and not to compare anything. */
export const QUICK_EFFORT: Effort = {
  rounds: 1,
  requests: 40,
  passes: 1,
  cedarPasses: 1,
  measureMs: 300,
  warmUpMs: 100,
  sustainedMs: 2_000,
  policies: 400,
  starts: 1,
  evaluations: 10_000,
};
