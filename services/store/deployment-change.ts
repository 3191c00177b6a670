import { z } from 'zod';

/** A decimal number as text, since JSON of ours has no fractions; at most four digits after the point, as Cedar has them. */
const decimal = (pattern: RegExp, message: string) => z.string().regex(pattern, message);
const share = decimal(/^(0(\.\d{1,4})?|1(\.0{1,4})?)$/, 'is a share from 0 to 1, such as 0.02');
const number = decimal(/^\d{1,6}(\.\d{1,4})?$/, 'is a number such as 1.5');

/** When a canary is ended or frozen by itself; what is absent is not looked at. */
export const CANARY_LIMITS = z
  .strictObject({
    /** Of the requests that the active bundle decides without an error, the share in which the candidate fails. */
    max_error_rate: share.optional(),
    /** How many times as long as the active bundle's the candidate's 99th percentile may be. */
    max_latency_ratio: number.optional(),
    /** The candidate's 99th percentile of evaluation, in milliseconds. */
    max_p99_ms: number.optional(),
    /** Of the requests that both decide, the share on which they differ. */
    max_flip_rate: share.optional(),
    /** Requests that must have been compared before anything follows from a limit. */
    min_sample: z.coerce.bigint().min(1n).max(1_000_000_000n).default(200n),
  })
  .describe('Shares and numbers are decimal texts.');
export type CanaryLimits = z.infer<typeof CANARY_LIMITS>;

/** Policies whose effect is only told, not enforced; `null`: all of the store. */
export const MONITOR = z.strictObject({
  policies: z.array(z.string().min(1).max(256)).min(1).max(1_000).nullable(),
});
export type Monitor = z.infer<typeof MONITOR>;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is sha256: and 64 hex digits');
const acceptFlips = z.boolean().default(false);

/** Makes a bundle the active one. A canary ends with it. */
export const ACTIVATE = z.strictObject({ action: z.literal('activate'), digest });

/** Begins a canary, or changes its percentage and limits. */
export const CANARY = z.strictObject({
  action: z.literal('canary'),
  /** Left out: the canary that there is. */
  digest: digest.optional(),
  percent: z.coerce.bigint().min(1n).max(100n),
  /** What stays together; left out: `run`, or what the canary has. */
  by: z.enum(['run', 'principal']).optional(),
  /** Left out: none, or those that the canary has. */
  limits: CANARY_LIMITS.optional(),
  /** Lifts a freeze, and the limit on flips with it. */
  accept_flips: acceptFlips,
});

/** Evaluates a bundle beside the active one without any effect; `null`: no longer. */
export const SHADOW = z.strictObject({ action: z.literal('shadow'), digest: digest.nullable() });

/** Sets what is monitored; `null`: everything is enforced. */
export const SET_MONITOR = z.strictObject({ action: z.literal('monitor'), monitor: MONITOR.nullable() });

/** Makes the canary the active bundle. */
export const PROMOTE = z.strictObject({ action: z.literal('promote'), accept_flips: acceptFlips });

/** Ends the canary, or, where there is none, goes back to the bundle that was active before. */
export const ROLLBACK = z.strictObject({
  action: z.literal('rollback'),
  /** To the active bundle of this sequence. */
  to: z.coerce.bigint().positive().optional(),
});

/** What an operator may change of a deployment. */
export const DEPLOYMENT_CHANGE = z.discriminatedUnion('action', [
  ACTIVATE,
  CANARY,
  SHADOW,
  SET_MONITOR,
  PROMOTE,
  ROLLBACK,
]);
export type OperatorChange = z.infer<typeof DEPLOYMENT_CHANGE>;

/** What limits change by themselves, of the canary that began at `since`. */
export type AutomaticChange =
  | { readonly action: 'end_canary'; readonly since: bigint }
  | { readonly action: 'freeze'; readonly since: bigint; readonly why: string };

export type DeploymentChange = OperatorChange | AutomaticChange;
