import type { CompiledBundle } from '../../bundles/compile.ts';
import { missingParents, readStored } from '../../bundles/stored/read-stored.ts';
import { storedEntities } from '../../bundles/stored/stored-entities.ts';
import type { LoneEntity } from '../../engine/data/entity.ts';
import { PdpError } from '../../engine/error.ts';
import { LIMITS } from '../../engine/limits.ts';
import { parseTrustedJson } from '../../engine/raw/json.ts';
import { uidKey } from '../../engine/value/value.ts';
import { type Changed, digestsOf } from '../../store/change-deployment.ts';
import type { Client, Pool } from '../../store/database.ts';
import { changedEntities, type EntityVersion, stateSequences } from '../../store/entities.ts';
import { catchUp } from '../entities/catch-up.ts';
import type { HeldDocument, HeldEntities } from '../entities/held-entities.ts';
import { mapInTurns } from '../turns.ts';
import { HttpError } from '../wire/rest/problem.ts';
import { assertStanding } from './standing.ts';

/** What a store holds that a bundle refuses. */
interface Misfit {
  readonly key: string;
  readonly why: string;
}

/** Entities that a refusal names; it says how many there are. */
const NAMED = 20;

/** That what a store held fits bundles which are to decide there; what has been written since is still to be asked. */
export interface FitUpTo {
  /**
   * Asks it of what has been written since, under the lock of the store: then nothing can come in between any more.
   * @throws PdpError as {@link checkFit}; `conflict` where too much was written meanwhile, or another bundle comes in than was asked of.
   */
  confirm(client: Client, changed: Changed): Promise<void>;
}

/**
 * Holds bundles that are to decide in a store to what it holds. To read a hundred thousand entities takes seconds, so it is done before
 * the store is locked, and under the lock only what was written since.
 * @param bundles those that do not decide there yet: each write is held to those that do.
 * @param known what this process holds of the store, so that little of it need be read again.
 * @throws HttpError `precondition_failed`, with the entities that do not fit.
 */
export async function checkFit(
  pool: Pool,
  store: string,
  bundles: readonly CompiledBundle[],
  known: HeldEntities,
): Promise<FitUpTo> {
  const entering = bundles.filter(({ readsStore }) => readsStore);
  const held = entering.length === 0 ? known : await newestOf(pool, store, known);
  for (const bundle of entering) refuseMisfits(bundle, await misfitsOf(bundle, held));

  return {
    async confirm(client, { before, after }) {
      const deciding = before === undefined ? [] : digestsOf({ state: before });
      const asked = bundles.map(({ ref }) => ref.digest);
      const unasked = digestsOf({ state: after }).filter((digest) => !deciding.includes(digest));
      if (!unasked.every((digest) => asked.includes(digest))) throw overtaken();
      if (entering.length > 0)
        await confirmSince(client, store, entering, held.sequence, after.stateSequence - 1n);
    },
  };
}

async function newestOf(pool: Pool, store: string, known: HeldEntities): Promise<HeldEntities> {
  const now = (await stateSequences(pool)).get(store);
  // A store that is gone is found to be so under the lock; and this process may know of a later state by now.
  if (now === undefined || now.state <= known.sequence) return known;

  return catchUp(pool, store, known, { upTo: now.state, lastWrite: now.lastWrite });
}

async function confirmSince(
  client: Client,
  store: string,
  entering: readonly CompiledBundle[],
  after: bigint,
  upTo: bigint,
): Promise<void> {
  const newest = new Map<string, EntityVersion>();
  for await (const page of changedEntities(client, store, { after, upTo })) {
    for (const version of page) newest.set(uidKey(version.type, version.id), version);
    if (newest.size > LIMITS.stored_entity_changes) throw overtaken();
  }
  const left = [...newest.values()].filter(({ document }) => document !== null);
  for (const bundle of entering) {
    const misfits = left.flatMap(({ type, id, document }) => {
      const held = { type, text: document ?? '' };

      return attempt(uidKey(type, id), () => readOne(bundle, held)).misfits;
    });
    refuseMisfits(bundle, misfits);
  }
  await assertStanding(
    client,
    store,
    entering,
    left.map((uid) => ({ uid, field: uidKey(uid.type, uid.id) })),
  );
}

/** Ordered by type and id. */
async function misfitsOf(bundle: CompiledBundle, { documents }: HeldEntities): Promise<readonly Misfit[]> {
  const lone = new Map<string, LoneEntity>();
  const unread = await mapInTurns([...documents.entries()], ([key, document]) => {
    const { result, misfits } = attempt(key, () => readOne(bundle, document));
    if (result !== undefined) lone.set(key, result);

    return misfits;
  });
  const holds = (key: string): boolean => lone.has(key) || bundle.entities.has(key);
  const stored = storedEntities((key) => lone.get(key), bundle);
  const misplaced = await mapInTurns([...lone], ([key, entity]) => {
    const [missing] = missingParents(bundle, entity, holds);
    if (missing !== undefined) return [{ key, why: `its parent ${missing.key} is not there` }];

    return attempt(key, () => stored.entity(key)).misfits;
  });

  return [...unread, ...misplaced].flat().sort((one, other) => (one.key < other.key ? -1 : 1));
}

function readOne(bundle: CompiledBundle, { type, text }: HeldDocument): LoneEntity | undefined {
  return bundle.sourceOf(type) === 'store' ? readStored(bundle, parseTrustedJson(text)) : undefined;
}

/** What reading gives, or why it gives nothing. */
function attempt<Result>(
  key: string,
  read: () => Result,
): { readonly result?: Result; readonly misfits: readonly Misfit[] } {
  try {
    return { result: read(), misfits: [] };
  } catch (error) {
    if (!(error instanceof PdpError)) throw error;

    const field = /^entities\[0\]\.(.*)$/.exec(error.field ?? '')?.[1];
    const message = error.message.replaceAll('entities[0]', 'it');

    return { misfits: [{ key, why: field === undefined ? message : `${field}: ${message}` }] };
  }
}

/** @throws HttpError `precondition_failed` where there are any. */
function refuseMisfits({ ref }: CompiledBundle, misfits: readonly Misfit[]): void {
  if (misfits.length === 0) return;
  const named = misfits.slice(0, NAMED);
  const lines = named.map(({ key, why }) => `  ${key}: ${why}`);
  const more = misfits.length > named.length ? [`  and ${misfits.length - named.length} more`] : [];
  const message = `${misfits.length} of the entities that the store holds do not fit ${ref.name} ${ref.version}: change or delete them, or the schema`;

  throw new HttpError(412, 'precondition_failed', message, {
    field: 'digest',
    extension: {
      misfits: { count: misfits.length, entities: named.map(({ key, why }) => ({ entity: key, why })) },
      report: [...lines, ...more].join('\n'),
    },
  });
}

function overtaken(): PdpError {
  return new PdpError('conflict', 'the store was changed meanwhile; look at it and try again');
}
