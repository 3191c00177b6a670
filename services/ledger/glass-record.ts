import { z } from 'zod';
import { uid, uint64, uuid } from './record-parts.ts';

/** Which break-glass a record is about. */
export const GLASS = z
  .strictObject({
    id: uuid,
    principal: z
      .strictObject({ type: z.string(), id: z.string().nullable() })
      .describe('For whom; without an id for every one of the type.'),
    actions: z.array(uid).nullable().describe('For which actions; null: all.'),
    ticket: z.string(),
    until: z.string().describe('When it ends by itself, RFC 3339 in UTC.'),
  })
  .describe('A break-glass: what lets policies that name the fact `breakGlass` yield for a while.');

/** What was done under it. */
export const GLASS_REPORT = z.strictObject({
  reason: z.string(),
  opened_by: z.string(),
  approved_by: z.string().nullable().describe('The second person; null where none was asked.'),
  opened_at: z.string(),
  closed_at: z.string(),
  closed_by: z.string().describe('`palisade` where its time was over.'),
  close_reason: z.string(),
  allowed: uint64,
  denied: uint64,
  actions: z
    .array(z.strictObject({ action: uid, allowed: uint64, denied: uint64 }))
    .describe('The 100 that were asked for most.'),
  examples: z.array(uuid).describe('The first 20 decisions.'),
});
