import * as z from 'zod';
import type {} from 'zod-openapi';
import { PDP_ERROR_CODES } from '../../engine/error.ts';
import { UNREPLAYED_REASONS, VERIFIED_MEMBERS } from '../replay/report.ts';

/** What a replay answers, for the OpenAPI document; `ReplayReport` is the same as a type. */
const count = z.bigint().meta({ override: { type: 'integer', format: 'int64', minimum: 0 } });
const time = z.string().meta({ format: 'date-time' });

const Example = z
  .strictObject({
    decision_id: z.string(),
    time,
    principal: z.string().meta({ description: 'Such as `Agent::"build-bot"`, cut where it is long.' }),
    action: z.string(),
    resource: z.string(),
    disclosed: z
      .looseObject({})
      .meta({ description: 'Context values that the bundle that decided lets people see, by path.' }),
    disclosed_elsewhere: z
      .array(z.string())
      .meta({ description: 'Further paths: their values are long, and stand in the record.' }),
  })
  .meta({ id: 'ReplayExample' });

const Cause = z
  .strictObject({
    code: z.string().meta({ description: 'A reason code; of an error, its code.' }),
    policies: z
      .array(z.string())
      .meta({ description: 'The first ten that determined it, or that failed at a `policy_error`.' }),
    further_policies: count,
    field: z.string().optional(),
    message: z.string().optional(),
  })
  .meta({ id: 'ReplayCause' });

const OUTCOMES = ['allow', 'deny', 'policy_error', 'error'];

const common = {
  store: z.string(),
  from: time.nullable().meta({ description: 'Null: from the first record on.' }),
  until: time,
  read: count.meta({ description: 'Records of the store in the range.' }),
  replayed: count.meta({ description: 'Those of them that were decided again.' }),
  unreplayed: z
    .strictObject(Object.fromEntries(UNREPLAYED_REASONS.map((reason) => [reason, count])))
    .meta({ description: 'The others, each under one reason.' }),
  waiting: count.meta({ description: 'Records of the answering process that are still in its spool.' }),
  elapsed_ms: count,
};

const FlipReport = z
  .strictObject({
    ...common,
    kind: z.literal('candidate'),
    bundle: z.strictObject({ name: z.string(), version: z.string(), digest: z.string() }),
    evaluator: z.string(),
    flips: z
      .strictObject({
        all: count.meta({ description: 'Each once; it may count under several of the other names.' }),
        allow_to_deny: count,
        deny_to_allow: count,
        to_policy_error: count,
        from_policy_error: count,
        to_error: count.meta({ description: 'The candidate cannot decide them.' }),
      })
      .meta({ description: 'A deny because a policy failed is a deny too.' }),
    otherwise_decided: count.meta({
      description: 'The same decision, for another reason or by other policies.',
    }),
    groups: z
      .array(
        z.strictObject({
          from: z.enum(OUTCOMES),
          to: z.enum(OUTCOMES),
          before: Cause,
          after: Cause,
          count,
          rate: z.string().meta({ description: 'Share of `replayed`, such as `0.25%`.' }),
          examples: z.array(Example).meta({ description: 'The newest, five at most.' }),
        }),
      )
      .meta({ description: 'The flips by their causes, most frequent first.' }),
    ungrouped: count.meta({ description: 'Flips of further causes; only the first 500 causes are kept.' }),
  })
  .meta({ id: 'FlipReport' });

const VerificationReport = z
  .strictObject({
    ...common,
    kind: z.literal('verification'),
    differing: count,
    differences: z
      .array(
        z.strictObject({
          record: Example,
          bundle: z.string(),
          members: z.array(
            z.strictObject({
              member: z.enum(VERIFIED_MEMBERS),
              recorded: z.string(),
              replayed: z.string(),
            }),
          ),
          error: z
            .strictObject({ code: z.string(), field: z.string().optional(), message: z.string() })
            .optional()
            .meta({ description: 'It could not be decided again.' }),
        }),
      )
      .meta({ description: 'The newest 100.' }),
  })
  .meta({ id: 'ReplayVerificationReport' });

const Progress = z.strictObject({
  progress: z.strictObject({
    read: count,
    replayed: count,
    total: count.optional().meta({ description: 'Absent until the records are counted.' }),
  }),
});

const Failure = z.strictObject({
  error: z.looseObject({
    code: z.enum(PDP_ERROR_CODES),
    detail: z.string(),
    field: z.string().optional(),
  }),
});

/** One line of the answer. */
export const ReplayLine = z.union([Progress, z.strictObject({ report: FlipReport }), Failure]).meta({
  id: 'ReplayLine',
  description: 'Progress every half second; the last line is the report, or an error.',
});

export const ReplayVerificationLine = z
  .union([Progress, z.strictObject({ report: VerificationReport }), Failure])
  .meta({ id: 'ReplayVerificationLine', description: 'As the lines of a replay.' });
