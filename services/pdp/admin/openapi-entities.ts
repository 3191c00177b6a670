import * as z from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import {
  ENTITIES_QUERY,
  ENTITY_CHANGES,
  ENTITY_DELETE_QUERY,
  ENTITY_PATCH,
  ENTITY_PUT,
  ENTITY_QUERY,
} from './entity-bodies.ts';
import { ADMIN_SERVER, answer, json, operation, pathParameter } from './openapi-parts.ts';

const count = z.bigint().meta({ override: { type: 'integer', format: 'int64', minimum: 0 } });
const entity = z.looseObject({}).meta({
  description: 'Explicit Cedar JSON: `uid`, `attrs`, `parents` and `tags`; integers are exact.',
});
const stateSequence = count.meta({ description: 'Of the state that was read.' });
const written = count.meta({
  description: 'Of the state that the write made; `at_least_sequence` of a decision waits for it.',
});
const dryRun = z.boolean().meta({ description: 'True: nothing was kept.' });

const StoredEntity = z
  .strictObject({
    entity,
    sequence: count.meta({ description: 'Of the write that made it; `expected_sequence` of the next one.' }),
    author: z.string().meta({ description: 'Name of the credential that wrote it.' }),
    written_at: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'StoredEntity' });

const ShownEntity = StoredEntity.extend({ store: z.string(), state_sequence: stateSequence }).meta({
  id: 'ShownEntity',
});

const EntityPage = z
  .strictObject({
    store: z.string(),
    state_sequence: stateSequence,
    entities: z.array(StoredEntity),
    next: z
      .string()
      .optional()
      .meta({ description: '`cursor` of the next page, which is of the same state; absent on the last.' }),
  })
  .meta({ id: 'EntityPage', description: 'In the order of the bytes of type and id.' });

const WrittenEntity = z
  .strictObject({
    store: z.string(),
    sequence: written,
    entity: entity.optional().meta({ description: 'As it is kept; absent where it is deleted.' }),
    dry_run: dryRun,
  })
  .meta({ id: 'WrittenEntity' });

const WrittenEntities = z
  .strictObject({ store: z.string(), sequence: written, put: count, deleted: count, dry_run: dryRun })
  .meta({ id: 'WrittenEntities' });

const REFUSALS =
  '`invalid_request` where the entity does not fit the schema of a bundle that decides in the store; `precondition_failed` where none of them takes its type from the store, or a parent is missing; `conflict` where it was written after `expected_sequence`, or others stand under what is to be deleted.';

/** The operations on what a store holds. */
export const ENTITY_PATHS: ZodOpenApiPathsObject = {
  '/v1/stores/{store}/entities': {
    ...ADMIN_SERVER,
    ...pathParameter('store'),
    get: operation({
      operationId: 'listEntities',
      summary: 'Lists what a store holds, in pages of one moment',
      requestParams: { query: ENTITIES_QUERY },
      responses: { '200': answer('One page', EntityPage) },
    }),
    post: operation({
      operationId: 'changeEntities',
      summary: 'Puts, patches and deletes entities, all of them as one state or none',
      description: REFUSALS,
      requestBody: json(ENTITY_CHANGES),
      responses: { '200': answer('They are written', WrittenEntities) },
    }),
  },
  '/v1/stores/{store}/entities/{type}/{id}': {
    ...ADMIN_SERVER,
    ...pathParameter('store', 'type', 'id'),
    get: operation({
      operationId: 'getEntity',
      summary: 'Shows an entity',
      requestParams: { query: ENTITY_QUERY },
      responses: { '200': answer('The entity', ShownEntity) },
    }),
    put: operation({
      operationId: 'putEntity',
      summary: 'Writes an entity whole',
      description: REFUSALS,
      requestBody: json(ENTITY_PUT),
      responses: { '200': answer('It is written', WrittenEntity) },
    }),
    patch: operation({
      operationId: 'patchEntity',
      summary: 'Changes some attributes, tags or parents of an entity, and leaves the others as they are',
      description: REFUSALS,
      requestBody: json(ENTITY_PATCH),
      responses: { '200': answer('It is written', WrittenEntity) },
    }),
    delete: operation({
      operationId: 'deleteEntity',
      summary: 'Deletes an entity that nothing stands under',
      description: REFUSALS,
      requestParams: { query: ENTITY_DELETE_QUERY },
      responses: { '200': answer('It is deleted', WrittenEntity) },
    }),
  },
};
