import { z } from 'zod';
import { isNormalId, NOT_NORMAL } from '../../bundles/normal-form.ts';
import { isTypeName } from '../../engine/data/type-name.ts';
import { LIMITS } from '../../engine/limits.ts';

/** PostgreSQL holds no U+0000, and a key of an index is no longer. */
const identifier = z
  .string()
  .refine(
    (text) =>
      text.isWellFormed() &&
      !text.includes('\u0000') &&
      Buffer.byteLength(text) <= LIMITS.stored_entity_id_bytes,
    `is no text of at most ${LIMITS.stored_entity_id_bytes} bytes without U+0000`,
  );
/** As requests have it: opened in another spelling it would be for nobody, and nobody would see that until it is needed. */
const id = identifier.refine(isNormalId, NOT_NORMAL);
const type = identifier.refine(isTypeName, 'is no name of an entity type');
/** What people write about it, on one line. */
const note = (units: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(units)
    .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'holds a control character');

/** Body of `POST /v1/stores/{store}/break-glass`. What is wide is said in words, and never by leaving something out. */
export const OPEN_GLASS = z.strictObject({
  principal: z.union([z.strictObject({ type, id }), z.strictObject({ type, every: z.literal(true) })]),
  actions: z.union([
    z.literal('all'),
    z.array(z.strictObject({ type, id })).min(1).max(LIMITS.break_glass_actions),
  ]),
  reason: note(1_024),
  ticket: note(256),
  minutes: z.bigint().min(1n).max(BigInt(LIMITS.break_glass_minutes)),
});
export type OpenGlassBody = z.infer<typeof OPEN_GLASS>;

/** Body of `POST /v1/stores/{store}/break-glass/{id}/close`. */
export const CLOSE_GLASS = z.strictObject({ reason: note(1_024) });

/** Parameters of `GET /v1/stores/{store}/break-glass`. */
export const GLASSES_QUERY = z.strictObject({
  open: z.enum(['true', 'false']).default('false'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
