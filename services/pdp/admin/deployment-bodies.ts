import { z } from 'zod';
import {
  CANARY_LIMITS,
  type DeploymentChange,
  MONITOR,
  type OperatorChange,
} from '../../store/deployment-change.ts';

const whole = z.bigint().nonnegative();
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const digest = z.string().regex(DIGEST, 'is sha256: and 64 hex digits');

/** What every change says beside what it changes. */
const change = {
  /** The sequence that its author saw last, 0 for none; left out, it changes whatever is there. */
  expected_sequence: whole.optional(),
  reason: z.string().max(1_024).default(''),
};

/** Body of `PUT /v1/stores/{store}/deployment`. */
export const ACTIVATION = z.strictObject({ digest: z.string(), ...change });

/** Body of `POST /v1/stores/{store}/deployment/canary`. */
export const CANARY_BODY = z.strictObject({
  digest: digest.optional(),
  percent: z.bigint().min(1n).max(100n),
  by: z.enum(['run', 'principal']).optional(),
  limits: CANARY_LIMITS.extend({
    min_sample: z.bigint().min(1n).max(1_000_000_000n).default(200n),
  }).optional(),
  accept_flips: z.boolean().default(false),
  ...change,
});

/** Body of `POST /v1/stores/{store}/deployment/shadow`. */
export const SHADOW_BODY = z.strictObject({ digest: digest.nullable(), ...change });

/** Body of `POST /v1/stores/{store}/deployment/monitor`. */
export const MONITOR_BODY = z.strictObject({ monitor: MONITOR.nullable(), ...change });

/** Body of `POST /v1/stores/{store}/deployment/promote`. */
export const PROMOTE_BODY = z.strictObject({ accept_flips: z.boolean().default(false), ...change });

/** Body of `POST /v1/stores/{store}/deployment/rollback`. */
export const ROLLBACK_BODY = z.strictObject({ to: z.bigint().positive().optional(), ...change });

/** A body without what it says beside its change. */
export interface AskedChange {
  readonly change: OperatorChange;
  readonly expectedSequence: bigint | undefined;
  readonly reason: string;
}

type Body<Action extends OperatorChange['action']> = Omit<
  Extract<DeploymentChange, { action: Action }>,
  'action'
> & {
  readonly expected_sequence?: bigint | undefined;
  readonly reason: string;
};

/** Tells a change from what is said beside it. */
export function askedChange<Action extends OperatorChange['action']>(
  action: Action,
  { expected_sequence: expectedSequence, reason, ...rest }: Body<Action>,
): AskedChange {
  return { change: { action, ...rest } as unknown as OperatorChange, expectedSequence, reason };
}
