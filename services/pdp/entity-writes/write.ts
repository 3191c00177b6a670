import { PdpError } from '../../engine/error.ts';
import { parseTrustedJson } from '../../engine/raw/json.ts';
import { type RawNode, RawObject } from '../../engine/raw/raw.ts';
import { digestsOf } from '../../store/change-deployment.ts';
import type { Client, Pool } from '../../store/database.ts';
import { deploymentHistory, lockStore } from '../../store/deployments.ts';
import { type StoredUid, versionsOf } from '../../store/entities.ts';
import { edgesOver } from '../../store/entity-parents.ts';
import { withTransaction } from '../../store/pool.ts';
import { type EntityChange, writeEntities } from '../../store/write-entities.ts';
import { mapInTurns } from '../turns.ts';
import { type FittingEntity, notFromStore, readFitting } from './document.ts';
import { assertPatch, type EntityPatch, patched } from './patch.ts';
import type { SchemaReader, SchemaReaders } from './schema-readers.ts';
import { assertStanding, assertUnnamed, type PlacedChange } from './standing.ts';

/** One change of one entity, as it is asked for. */
export type AskedEntity = {
  /** The sequence at which its author saw it written, 0 for not there; absent: whatever is there. */
  readonly expectedSequence: bigint | undefined;
} & (
  | { readonly put: RawNode }
  | { readonly patch: EntityPatch; readonly uid: StoredUid }
  | { readonly delete: StoredUid }
);

export interface AskedWrite {
  readonly store: string;
  readonly entities: readonly AskedEntity[];
  readonly author: string;
  readonly recordId: string;
  /** Whether nothing is to be kept of it: all is checked, as if it were written. */
  readonly dryRun: boolean;
}

/** What a write made. */
export interface EntitiesWritten {
  /** Of the store's state; where nothing was kept, the one that it would have been. */
  readonly sequence: bigint;
  /** In the order of what was asked for. */
  readonly changes: readonly EntityChange[];
}

/** Times that a write is prepared for what decides now, which may have changed by the time that it holds the lock. */
const ATTEMPTS = 3;

/**
 * Changes entities of a store as one state, held to every bundle that decides there.
 * @param record told of the write before it is committed; where it fails, nothing is written.
 * @throws PdpError as `writeEntities`, `readFitting`, `assertStanding` and `assertUnnamed` say; `conflict` where deployments keep coming in between.
 */
export async function writeStoreEntities(
  pool: Pool,
  readers: SchemaReaders,
  asked: AskedWrite,
  record: (written: EntitiesWritten) => Promise<void>,
): Promise<EntitiesWritten> {
  for (const [index, change] of asked.entities.entries()) {
    if ('patch' in change) assertPatch(change.patch, `entities[${index}].patch`);
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const [deployment] = await deploymentHistory(pool, asked.store, 1);
    const deciding = await readers.of(deployment === undefined ? [] : digestsOf({ state: deployment }));
    const puts = await mapInTurns([...asked.entities.entries()], ([index, change]) =>
      'put' in change ? readFitting(deciding, change.put, index) : undefined,
    );
    const prepared = { sequence: deployment?.sequence ?? 0n, deciding, puts };
    const written = await kept(asked.dryRun, pool, (client) => write(client, asked, prepared, record));
    if (written !== undefined) return written;
  }

  throw new PdpError('conflict', 'deployments of this store came in between again and again; try again');
}

/** What was read before the lock, and the deployment that it was read for. */
interface Prepared {
  readonly sequence: bigint;
  readonly deciding: readonly SchemaReader[];
  readonly puts: readonly (FittingEntity | undefined)[];
}

/** @returns `undefined` where another deployment came since; then nothing was written. */
async function write(
  client: Client,
  { store, entities, author, recordId, dryRun }: AskedWrite,
  { sequence: expected, deciding, puts }: Prepared,
  record: (written: EntitiesWritten) => Promise<void>,
): Promise<EntitiesWritten | undefined> {
  const locked = await lockStore(client, store);
  if (locked.sequence !== expected) return undefined;

  const documents = await patchedDocuments(client, locked.stateSequence, deciding, { store, entities });
  const changes = await mapInTurns([...entities.entries()], ([index, change]): PlannedChange => {
    const { expectedSequence } = change;
    const place = {
      field: `entities[${index}]`,
      ...(expectedSequence === undefined ? {} : { expectedSequence }),
    };
    if ('delete' in change) return { uid: change.delete, document: null, parents: [], ...place };

    return { ...(puts[index] ?? readFitting(deciding, documents.get(index) ?? null, index)), ...place };
  });

  const risen = await risenOf(client, store, changes);
  const sequence = await writeEntities(client, { store, changes, author, recordId });
  await assertUnnamed(
    client,
    store,
    changes.filter(({ document }) => document === null),
  );
  await assertStanding(client, store, deciding, risen);
  const written = { sequence, changes };
  if (!dryRun) await record(written);

  return written;
}

interface PlannedChange extends EntityChange, PlacedChange {
  readonly parents: readonly StoredUid[];
}

/** Those that will stand under something which they do not stand under yet. To change a group of many is not to ask after all its members. */
async function risenOf(
  client: Client,
  store: string,
  changes: readonly PlannedChange[],
): Promise<readonly PlannedChange[]> {
  const placed = changes.filter(({ parents }) => parents.length > 0);
  if (placed.length === 0) return [];
  const edges = await edgesOver(
    client,
    store,
    placed.map(({ uid }) => uid),
  );
  const known = new Set(edges.map(({ child, parent }) => edgeText(child, parent)));

  return placed.filter(({ uid, parents }) => parents.some((parent) => !known.has(edgeText(uid, parent))));
}

function edgeText(child: StoredUid, parent: StoredUid): string {
  return JSON.stringify([child.type, child.id, parent.type, parent.id]);
}

/** By place: what patches make of what is there now. Under the lock, so that no patch overlooks another one. */
async function patchedDocuments(
  client: Client,
  upTo: bigint,
  deciding: readonly SchemaReader[],
  { store, entities }: Pick<AskedWrite, 'store' | 'entities'>,
): Promise<ReadonlyMap<number, RawNode>> {
  const patches = [...entities.entries()].flatMap(([index, change]) =>
    'patch' in change ? [{ index, uid: change.uid, patch: change.patch }] : [],
  );
  if (patches.length === 0) return new Map();

  for (const { index, uid } of patches) {
    if (deciding.some(({ sourceOf }) => sourceOf(uid.type) === 'store')) continue;
    throw notFromStore(uid.type, `entities[${index}]`);
  }
  const uids = patches.map(({ uid }) => uid);
  const current = await versionsOf(client, store, uids, { upTo, limit: 1 });

  return new Map(
    patches.map(({ index, uid, patch }, at) => {
      const document = current[at]?.versions[0]?.document;
      const raw = document === undefined || document === null ? undefined : parseTrustedJson(document);
      if (raw instanceof RawObject) return [index, patched(raw, patch)];
      const message = `the store holds no ${uid.type}::${JSON.stringify(uid.id)}`;
      throw new PdpError('not_found', message, { field: `entities[${index}]` });
    }),
  );
}

/** The end of a dry run: what it was thrown with is its result, and its transaction is rolled back. */
class DryRun extends Error {
  readonly written: EntitiesWritten;

  constructor(written: EntitiesWritten) {
    super('a dry run');
    this.written = written;
  }
}

async function kept(
  dryRun: boolean,
  pool: Pool,
  body: (client: Client) => Promise<EntitiesWritten | undefined>,
): Promise<EntitiesWritten | undefined> {
  try {
    return await withTransaction(pool, async (client) => {
      const written = await body(client);
      if (dryRun && written !== undefined) throw new DryRun(written);

      return written;
    });
  } catch (thrown) {
    if (thrown instanceof DryRun) return thrown.written;
    throw thrown;
  }
}
