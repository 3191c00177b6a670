import { z } from 'zod';
import { LIMITS } from '../../engine/limits.ts';

/** A path into the context, such as `input.amount`. */
const CONTEXT_PATH = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
/** Usable behind a dot in Cedar, and short enough to be read in a reply. */
const LIMIT_NAME = /^[a-z][a-z0-9_]{0,62}$/;
const KEY_PART = /^(principal|action|resource|run|(principal|resource)\.[A-Za-z_][A-Za-z0-9_]*)$/;

export const CALENDAR_UNITS = ['hour', 'day', 'week', 'month'] as const;

const CALENDAR = z.strictObject({
  calendar: z.enum(CALENDAR_UNITS).describe('Begins anew with each of these; a week with Monday.'),
  time_zone: z.string().min(1).max(64).describe('Of the IANA database, such as Europe/Berlin.'),
});

/** The one description of an element of `limits` in bundle.yaml. */
export const LIMIT_SCHEMA = z.strictObject({
  name: z
    .string()
    .regex(LIMIT_NAME)
    .describe('Lower-case letters, digits and underscores; the counter is kept under it across bundles.'),
  actions: z
    .array(
      z
        .string()
        .min(1)
        .max(LIMITS.identifier_bytes * 2),
    )
    .min(1)
    .max(LIMITS.bundle_limits)
    .describe('As policies write them, such as Action::"transfer".'),
  key: z
    .array(z.string().max(LIMITS.identifier_bytes).regex(KEY_PART))
    .max(8)
    .describe(
      'What is counted apart: principal, action, resource, run, or an attribute such as resource.owner; [] counts all together.',
    ),
  window: z
    .union([z.string().max(64), CALENDAR])
    .optional()
    .describe(
      'How long a use counts: a duration such as 24h, sliding with each use, or a part of the calendar.',
    ),
  lifetime: z
    .literal('run')
    .optional()
    .describe('Instead of a window: a use counts until its run ends, in each tree of runs apart.'),
  max: z.int().min(1).describe('What the uses of one window may add up to.'),
  cost: z
    .union([z.literal(1), z.string().max(LIMITS.identifier_bytes).regex(CONTEXT_PATH)])
    .default(1)
    .describe('What one use adds: 1, or the Long at a path of the context such as input.amount.'),
  refundable: z
    .boolean()
    .default(false)
    .describe('Whether a use may be given back once its outcome is reported.'),
});

/** A limit as bundle.yaml declares it; one that passed `check` has a window or a lifetime. */
export type LimitDeclaration = Readonly<z.output<typeof LIMIT_SCHEMA>>;
