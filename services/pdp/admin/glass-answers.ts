import * as z from 'zod';
import type {} from 'zod-openapi';
import { count, time } from './answer-parts.ts';

const uid = z.strictObject({ type: z.string(), id: z.string() });

export const BreakGlass = z
  .strictObject({
    id: z.string(),
    store: z.string(),
    principal: z
      .strictObject({ type: z.string(), id: z.string().optional() })
      .meta({ description: 'For whom; without an id for every one of the type.' }),
    actions: z.array(uid).optional().meta({ description: 'For which actions; absent: all.' }),
    reason: z.string(),
    ticket: z.string(),
    opened_by: z.string(),
    approved_by: z.string().optional().meta({ description: 'The second person, where one was asked.' }),
    opened_at: time,
    until: time.meta({ description: 'When it ends by itself.' }),
    open: z.boolean(),
    state_sequence: count.meta({
      description: 'Of the state from which on it holds; `at_least_sequence` of a decision waits for it.',
    }),
    closed_at: time.optional(),
    closed_by: z.string().optional().meta({ description: '`palisade` where its time was over.' }),
    close_reason: z.string().optional(),
    record_id: z.string().meta({ description: 'Of its record in the decision log.' }),
    close_record_id: z
      .string()
      .optional()
      .meta({ description: 'Of the record of its closing, if somebody closed it.' }),
    report_id: z
      .string()
      .optional()
      .meta({ description: "Of its report's record there, a minute after its end." }),
  })
  .meta({ id: 'BreakGlass' });

export const OpenedBreakGlass = BreakGlass.extend({
  affects: z.array(uid).meta({
    description:
      'Actions of the bundle that runs whose policies can look at it. None: nothing is decided otherwise now.',
  }),
}).meta({ id: 'OpenedBreakGlass' });

export const ClosedBreakGlass = BreakGlass.extend({
  closed_sequence: count.meta({ description: 'Of the state from which on it does not hold any more.' }),
}).meta({ id: 'ClosedBreakGlass' });

export const BreakGlassList = z
  .strictObject({ break_glass: z.array(BreakGlass) })
  .meta({ id: 'BreakGlassList', description: 'Newest first.' });

export const BreakGlassReport = z
  .strictObject({
    break_glass: BreakGlass,
    allowed: count,
    denied: count,
    actions: z
      .array(z.strictObject({ action: uid, allowed: count, denied: count }))
      .meta({ description: 'The 100 that were asked for most.' }),
    examples: z.array(z.string()).meta({ description: 'Ids of the first 20 decisions.' }),
  })
  .meta({ id: 'BreakGlassReport', description: 'What the decision log holds of it now.' });
