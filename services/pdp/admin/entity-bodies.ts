import { z } from 'zod';
import type {} from 'zod-openapi';
import { type RawNode, RawObject } from '../../engine/raw/raw.ts';
import type { EntityPatch } from '../entity-writes/patch.ts';
import type { AskedEntity } from '../entity-writes/write.ts';

/** Members whose values are Cedar JSON, for the schema of a bundle to read. */
export const AS_SENT = ['entity', 'put', 'set'];

const cedar = (description: string) =>
  z
    .custom<RawNode>((value) => value instanceof RawObject, 'is an object')
    .meta({ override: { type: 'object', description } });

const ENTITY = cedar('A Cedar entity as JSON: `uid`, `attrs`, `parents`, and `tags` where there are any.');
const UID = z.strictObject({ type: z.string(), id: z.string() });
const sequence = z.bigint().nonnegative();

const EXPECTED = {
  /** The sequence at which the entity was last written, 0 where it must not be there; left out: whatever is there. */
  expected_sequence: sequence.optional(),
};
const BESIDE = {
  reason: z.string().max(1_024).default(''),
  /** Checks all of it and writes nothing. */
  dry_run: z.boolean().default(false),
};

const MEMBERS = z.strictObject({
  set: cedar('Attributes or tags, each set whole.')
    .optional()
    .transform((raw) => new Map(raw instanceof RawObject ? raw.entries : [])),
  remove: z.array(z.string()).max(1_000).default([]),
});

/** What becomes of an entity; what is not named stays. */
const PATCH = z
  .strictObject({
    attrs: MEMBERS.optional(),
    tags: MEMBERS.optional(),
    /** Either the whole list, or what is added to it and removed from it. */
    parents: z
      .strictObject({
        add: z.array(UID).max(100).optional(),
        remove: z.array(UID).max(100).optional(),
        replace: z.array(UID).max(100).optional(),
      })
      .refine(
        ({ add, remove, replace }) => (replace === undefined) !== (add === undefined && remove === undefined),
        'is either `replace`, or `add` and `remove`',
      )
      .transform(({ add = [], remove = [], replace }) =>
        replace === undefined ? { add, remove } : { replace },
      )
      .optional(),
  })
  .refine(
    ({ attrs, tags, parents }) => attrs !== undefined || tags !== undefined || parents !== undefined,
    'changes nothing: name attrs, tags or parents',
  );

/** Body of `PUT /v1/stores/{store}/entities/{type}/{id}`. */
export const ENTITY_PUT = z.strictObject({ entity: ENTITY, ...EXPECTED, ...BESIDE });

/** Body of `PATCH /v1/stores/{store}/entities/{type}/{id}`. */
export const ENTITY_PATCH = z.strictObject({ patch: PATCH, ...EXPECTED, ...BESIDE });

/** Parameters of `DELETE /v1/stores/{store}/entities/{type}/{id}`. */
export const ENTITY_DELETE_QUERY = z.strictObject({
  expected_sequence: z
    .string()
    .regex(/^\d{1,18}$/, 'is a sequence')
    .transform(BigInt)
    .optional(),
  reason: z.string().max(1_024).default(''),
  dry_run: z.enum(['true', 'false']).default('false'),
});

const CHANGE = z
  .strictObject({
    put: ENTITY.optional(),
    /** Of what a patch changes. */
    uid: UID.optional(),
    patch: PATCH.optional(),
    delete: UID.optional(),
    ...EXPECTED,
  })
  .refine(
    ({ put, uid, patch, delete: gone }) =>
      [put, patch, gone].filter((one) => one !== undefined).length === 1 &&
      (uid === undefined) === (patch === undefined),
    'is one of `put`, `uid` with `patch`, and `delete`',
  );

/** Body of `POST /v1/stores/{store}/entities`. */
export const ENTITY_CHANGES = z.strictObject({ entities: z.array(CHANGE).min(1), ...BESIDE });

/** Parameters of `GET /v1/stores/{store}/entities`. */
export const ENTITIES_QUERY = z.strictObject({
  type: z.string().max(1_024).optional().meta({ description: 'Only entities of this type.' }),
  id: z.string().max(1_024).optional().meta({ description: 'Only the one with this id; goes with `type`.' }),
  state_sequence: z
    .string()
    .regex(/^\d{1,18}$/, 'is a sequence')
    .transform(BigInt)
    .optional()
    .meta({ description: 'What the store held at this state. Left out: now.' }),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().max(8_192).optional().meta({ description: '`next` of the page before.' }),
});

/** Parameters of `GET /v1/stores/{store}/entities/{type}/{id}`. */
export const ENTITY_QUERY = ENTITIES_QUERY.pick({ state_sequence: true });

/** The change of a list that a body asks for. */
export function askedEntity(change: z.infer<typeof CHANGE>): AskedEntity {
  const { put, uid, patch, delete: gone, expected_sequence: expectedSequence } = change;
  if (put !== undefined) return { put, expectedSequence };
  if (gone !== undefined) return { delete: gone, expectedSequence };

  return { patch: patch as EntityPatch, uid: uid as z.infer<typeof UID>, expectedSequence };
}
