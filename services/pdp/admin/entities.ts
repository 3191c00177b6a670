import type { Request, Response } from 'express';
import { JSON_DIALECT } from '../../engine/data/dialect.ts';
import { PdpError } from '../../engine/error.ts';
import { exceedsLimit, LIMITS } from '../../engine/limits.ts';
import { type RawNode, RawObject } from '../../engine/raw/raw.ts';
import { parseExactJson } from '../../ledger/json.ts';
import { entitiesAt, entityAt, type StoredUid, stateSequences } from '../../store/entities.ts';
import { NOT_DEPLOYED, newRecordId, recordChange } from '../change-record.ts';
import { createSchemaReaders } from '../entity-writes/schema-readers.ts';
import { type AskedEntity, type EntitiesWritten, writeStoreEntities } from '../entity-writes/write.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';
import { actingOf } from './apply-change.ts';
import { type AdminContext, adminOf, followChange, reply, storeOf } from './context.ts';
import {
  AS_SENT,
  askedEntity,
  ENTITIES_QUERY,
  ENTITY_CHANGES,
  ENTITY_DELETE_QUERY,
  ENTITY_PATCH,
  ENTITY_PUT,
  ENTITY_QUERY,
} from './entity-bodies.ts';
import { cursorText, entityJson, readCursor } from './entity-json.ts';
import { readInput, readQuery } from './input.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

const ALL = '/v1/stores/:store/entities';
const ONE = `${ALL}/:type/:id` as const;
const INPUT = { limit: 'entity_write_bytes', asSent: AS_SENT } as const;

/** Entities of which a record names the identifiers. */
const RECORDED = 20;

/** What is said of a write beside what it changes. */
interface Beside {
  readonly reason: string;
  readonly dryRun: boolean;
}

/** `/v1/stores/{store}/entities`: what a store holds, one by one and in bulk. */
export function entityRoutes(context: AdminContext): readonly AdminRoute[] {
  const { poolFor, ledger } = context;
  const readers = createSchemaReaders({ prepared: (...prepared) => context.replica.prepared(...prepared) });
  const routes = createAdminRoutes();

  routes.get(ALL, 'readEntities', async (request, response) => {
    const store = storeOf(request);
    const { type, id, limit, cursor, state_sequence: asked } = readQuery(request, ENTITIES_QUERY);
    if (id !== undefined && type === undefined) {
      throw new PdpError('invalid_request', 'id: goes with type', { field: 'id' });
    }
    const from = cursor === undefined ? undefined : readCursor(cursor);
    const sequence = await stateOf(request, store, from?.sequence ?? asked);
    if (id !== undefined && type !== undefined) {
      const entity = await entityAt(poolFor(request), store, { type, id }, sequence);
      reply(request, response, 200, {
        store,
        state_sequence: sequence,
        entities: entity === undefined ? [] : [entityJson(entity)],
      });
      return;
    }

    const maxBytes = LIMITS.entity_write_bytes;
    const page = await entitiesAt(poolFor(request), store, {
      ...{ sequence, limit, maxBytes },
      ...(type === undefined ? {} : { type }),
      ...(from === undefined ? {} : { after: from.after }),
    });
    const last = page.at(-1);
    const bytes = page.reduce((sum, { document }) => sum + Buffer.byteLength(document), 0);
    const isFull = page.length === limit || bytes >= maxBytes;
    const next = last !== undefined && isFull ? cursorText({ sequence, after: last }) : undefined;
    reply(request, response, 200, { store, state_sequence: sequence, entities: page.map(entityJson), next });
  });

  routes.get(ONE, 'readEntities', async (request, response) => {
    const store = storeOf(request);
    const uid = uidOf(request);
    const sequence = await stateOf(request, store, readQuery(request, ENTITY_QUERY).state_sequence);
    const entity = await entityAt(poolFor(request), store, uid, sequence);
    if (entity === undefined) {
      throw new PdpError('not_found', `the store holds no ${uid.type}::${JSON.stringify(uid.id)}`, {
        field: 'id',
      });
    }
    reply(request, response, 200, { store, state_sequence: sequence, ...entityJson(entity) });
  });

  routes.put(ONE, 'writeEntities', async (request, response) => {
    const { entity, expected_sequence, reason, dry_run } = await readInput(
      request,
      response,
      ENTITY_PUT,
      INPUT,
    );
    const put = withUid(entity, uidOf(request));
    await writeOne(
      request,
      response,
      { put, expectedSequence: expected_sequence },
      { reason, dryRun: dry_run },
    );
  });

  routes.patch(ONE, 'writeEntities', async (request, response) => {
    const { patch, expected_sequence, reason, dry_run } = await readInput(
      request,
      response,
      ENTITY_PATCH,
      INPUT,
    );
    const change = { patch, uid: uidOf(request), expectedSequence: expected_sequence };
    await writeOne(request, response, change, { reason, dryRun: dry_run });
  });

  routes.delete(ONE, 'writeEntities', async (request, response) => {
    const { expected_sequence, reason, dry_run } = readQuery(request, ENTITY_DELETE_QUERY);
    const change = { delete: uidOf(request), expectedSequence: expected_sequence };
    await writeOne(request, response, change, { reason, dryRun: dry_run === 'true' });
  });

  routes.post(ALL, 'writeEntities', async (request, response) => {
    const { entities, reason, dry_run } = await readInput(request, response, ENTITY_CHANGES, INPUT);
    if (entities.length > LIMITS.stored_entity_changes)
      throw exceedsLimit('stored_entity_changes', 'entities');
    const beside = { reason, dryRun: dry_run };
    const written = await write(request, storeOf(request), entities.map(askedEntity), beside);
    reply(request, response, 200, { ...writtenJson(storeOf(request), written), dry_run });
  });

  return routes.all;

  /** The state to read: the one that was asked for, if it has been; else the newest. */
  async function stateOf(request: Request, store: string, asked: bigint | undefined): Promise<bigint> {
    const state = (await stateSequences(poolFor(request))).get(store)?.state;
    if (state === undefined)
      throw new PdpError('not_found', `there is no store ${store}`, { field: 'store' });
    if (asked !== undefined && asked > state) {
      throw new PdpError('precondition_failed', `the store ${store} is at sequence ${state}`, {
        field: 'state_sequence',
      });
    }

    return asked ?? state;
  }

  async function writeOne(
    request: Request,
    response: Response,
    change: AskedEntity,
    beside: Beside,
  ): Promise<void> {
    const store = storeOf(request);
    const written = await write(request, store, [change], beside).catch((error: unknown) => {
      throw error instanceof PdpError ? ofOne(error) : error;
    });
    const document = written.changes[0]?.document ?? undefined;
    reply(request, response, 200, {
      store,
      sequence: written.sequence,
      entity: document === undefined ? undefined : (parseExactJson(document) as JsonValue),
      dry_run: beside.dryRun,
    });
  }

  async function write(
    request: Request,
    store: string,
    entities: readonly AskedEntity[],
    { reason, dryRun }: Beside,
  ): Promise<EntitiesWritten> {
    const author = adminOf(request).subject;
    const recordId = newRecordId(Date.now());
    const written = await writeStoreEntities(
      poolFor(request),
      readers,
      { store, entities, author, recordId, dryRun },
      (made) =>
        recordChange(ledger, actingOf(request), recordId, {
          ...NOT_DEPLOYED,
          ...{ store, action: 'write_entities', author, reason },
          entities: {
            ...countsOf(made),
            sequence: made.sequence,
            uids: made.changes.slice(0, RECORDED).map(({ uid: { type, id } }) => ({ type, id })),
          },
        }),
    );
    if (!dryRun) await followChange(context);

    return written;
  }
}

function uidOf({ params }: Request): StoredUid {
  return { type: String(params['type']), id: String(params['id']) };
}

/** The entity with the identifier of its path, which it may repeat. */
function withUid(entity: RawNode, uid: StoredUid): RawNode {
  if (!(entity instanceof RawObject)) return entity;
  const own = entity.entries.get('uid');
  const said = own === undefined ? uid : JSON_DIALECT.uidIn(own);
  if (said?.type !== uid.type || said.id !== uid.id) {
    throw new PdpError('invalid_request', 'entity.uid is another one than the path names', {
      field: 'entity.uid',
    });
  }

  return new RawObject(new Map([...entity.entries, ['uid', new RawObject(new Map(Object.entries(uid)))]]));
}

/** The same error of a call that has no list. */
function ofOne(error: PdpError): PdpError {
  const move = (text: string): string =>
    text.replaceAll('entities[0].expected_sequence', 'expected_sequence').replaceAll('entities[0]', 'entity');

  return new PdpError(error.code, move(error.message), {
    ...(error.field === undefined ? {} : { field: move(error.field) }),
    ...(error.limit === undefined ? {} : { limit: error.limit }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    cause: error,
  });
}

function writtenJson(store: string, written: EntitiesWritten) {
  return { store, sequence: written.sequence, ...countsOf(written) };
}

function countsOf({ changes }: EntitiesWritten): { readonly put: bigint; readonly deleted: bigint } {
  const deleted = changes.filter(({ document }) => document === null).length;

  return { put: BigInt(changes.length - deleted), deleted: BigInt(deleted) };
}
