import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { LIMITS } from '../../engine/limits.ts';
import type { Keyring } from '../../ledger/keyring.ts';
import { lastMigration } from '../../store/migrate.ts';
import { type HeldEntities, NOTHING_HELD } from '../entities/held-entities.ts';
import { readPiece } from './entity-pieces.ts';
import { assertOwnFolder, readOwnFile } from './files.ts';
import { type Mark, readMark } from './mark.ts';
import { elapsed, type Moment, momentNow } from './moment.ts';
import type { SnapshotPlace } from './place.ts';
import { SAVED_STATE, type SavedBundle, type SavedState, type SavedStore } from './saved-state.ts';
import { unseal } from './sealed.ts';
import { SnapshotError } from './snapshot-error.ts';
import { readTaggedJson } from './tagged-json.ts';

/** A snapshot that was verified: sealed by this server's keyring, no older than its mark, of this version's shape. */
export interface OpenSnapshot {
  readonly state: SavedState;
  /** Milliseconds since PostgreSQL last confirmed it. @throws SnapshotError where the clock has gone back. */
  ageMs(): number;
  /** What time it is at least, in milliseconds since the epoch: a clock that was set back is not believed. @throws SnapshotError as above. */
  nowMs(): number;
  /** Of a bundle that it names, byte for byte as it was saved. @throws SnapshotError */
  archive(digest: string): Promise<Uint8Array>;
  /** What a store held at the state that was saved. @throws SnapshotError */
  entities(store: string): Promise<HeldEntities>;
  /** @throws SnapshotError unless every archive that it names is there, as it was saved. */
  verifyArchives(): Promise<void>;
}

/** The state of some hundred thousand credentials. */
export const MOST_STATE_BYTES = 64 * 1024 * 1024;

/**
 * Opens the snapshot of a server.
 * @param now what the clocks say. Default: the machine's.
 * @throws SnapshotError which says why nothing can be decided by it, and what to do.
 */
export async function openSnapshot(
  place: SnapshotPlace,
  keyring: Keyring,
  now: () => Moment = momentNow,
): Promise<OpenSnapshot> {
  // The mark first: a state that is written meanwhile is only newer.
  const mark = await about(`the mark ${place.mark}`, () => readMark(place, keyring));
  await assertOwnFolder(place.folder);
  const state = await about(`the snapshot ${place.file}`, () => readState(place, keyring));
  await assertKnown(state, mark);
  const confirmed = mark.generation === state.generation ? mark.confirmed : state.confirmed;
  const bundles = new Map(state.bundles.map((bundle) => [bundle.digest, bundle]));

  return {
    state,
    ageMs: () => elapsed(confirmed, now()),
    nowMs: () => Math.max(now().wall, confirmed.wall + elapsed(confirmed, now())),

    archive(digest) {
      const bundle = bundles.get(digest);
      if (bundle === undefined) throw new SnapshotError(`the snapshot does not hold the bundle ${digest}`);

      return readArchive(place, bundle);
    },

    async entities(name) {
      const store = state.stores.find((one) => one.name === name);
      if (store === undefined) throw new SnapshotError(`the snapshot does not hold the store ${name}`);

      return readEntities(place, keyring, store);
    },

    async verifyArchives() {
      await assertOwnFolder(place.archives);
      for (const bundle of state.bundles) await readArchive(place, bundle);
    },
  };
}

/** Where the archive of a bundle lies. */
export function archivePath({ archives }: SnapshotPlace, digest: string): string {
  return join(archives, `${digest.slice('sha256:'.length)}.tgz`);
}

async function readState({ file, server }: SnapshotPlace, keyring: Keyring): Promise<SavedState> {
  const text = unseal(keyring, { kind: 'snapshot', server }, await readOwnFile(file, MOST_STATE_BYTES));
  const { data, error } = SAVED_STATE.safeParse(readTaggedJson(text));
  if (data !== undefined) return data;

  // Its own keyring sealed it: another version of Palisade wrote it. Paths name members, never what they hold.
  const [issue] = error.issues;
  throw new SnapshotError(`another version of Palisade wrote it (${issue?.path.join('.')})`);
}

async function assertKnown(state: SavedState, mark: Mark): Promise<void> {
  if (state.installation !== mark.installation) {
    throw new SnapshotError(
      `the snapshot is of the installation ${state.installation}, and this server's mark of ${mark.installation}`,
    );
  }
  if (state.generation < mark.generation) {
    throw new SnapshotError(
      'the snapshot is older than the one that this server has kept since: an older one was put in its place. Start with PostgreSQL',
    );
  }
  const migration = await lastMigration();
  if (state.migration === migration) return;

  throw new SnapshotError(
    `the snapshot is of a database at ${state.migration}, and this version of Palisade knows ${migration}: start with PostgreSQL`,
  );
}

async function readEntities(
  place: SnapshotPlace,
  keyring: Keyring,
  { name, sequence, entities: pieces, last_write }: SavedStore,
): Promise<HeldEntities> {
  if (pieces.length > 0) await assertOwnFolder(place.entities);
  let { documents } = NOTHING_HELD;
  for (const piece of pieces) {
    const entries = await about(`what the store ${name} held`, () => readPiece(place, keyring, piece));
    documents = documents.with(entries);
  }

  return { sequence, documents, lastWrite: last_write ?? undefined };
}

async function readArchive(
  place: SnapshotPlace,
  { digest, bytes, sha256 }: SavedBundle,
): Promise<Uint8Array> {
  const path = archivePath(place, digest);
  const archive = await readOwnFile(path, LIMITS.bundle_bytes);
  if (archive.length === bytes && createHash('sha256').update(archive).digest('hex') === sha256)
    return archive;

  throw new SnapshotError(`${path} is not the archive that was saved`);
}

async function about<T>(what: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    // The file's own words may quote what it holds.
    const why = error instanceof SnapshotError ? error.message : 'it cannot be read';
    throw new SnapshotError(`${what} is not used: ${why}`, error);
  }
}
