import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Keyring } from '../../ledger/keyring.ts';
import { type HeldDocument, type HeldEntities, NOTHING_HELD } from '../entities/held-entities.ts';
import type { PersistentMap } from '../entities/persistent-map.ts';
import { nextTurn } from '../turns.ts';
import { type PieceEntry, piecePath, writePiece } from './entity-pieces.ts';
import { makeFolder, type SnapshotFiles } from './files.ts';
import type { SnapshotPlace } from './place.ts';
import type { SavedPiece } from './saved-state.ts';

/**
 * The entities beside a saved state, in pieces that are read one after the other: a change adds what it changed, so that saving it costs
 * little however much a store holds.
 */
export interface SavedEntities {
  /**
   * Sees to it that what a store holds is on the disk.
   * @throws what the file system throws; what was saved before stays.
   */
  ensure(store: string, held: HeldEntities): Promise<readonly SavedPiece[]>;
  /** Removes what no state names any more. */
  clean(used: readonly SavedPiece[]): Promise<void>;
}

/** Entities of a piece, at most; and how long their text may be before it ends, in characters. */
const PIECE = { entities: 2_000, chars: 1024 * 1024 };

interface Written extends SavedPiece {
  readonly keys: readonly string[];
}

interface Saved {
  readonly documents: PersistentMap<HeldDocument>;
  readonly pieces: readonly Written[];
}

const NOTHING: Saved = { documents: NOTHING_HELD.documents, pieces: [] };

export function createSavedEntities(
  place: SnapshotPlace,
  keyring: Keyring,
  files: SnapshotFiles,
): SavedEntities {
  const stores = new Map<string, Saved>();

  return {
    async ensure(store, { documents }) {
      const saved = stores.get(store) ?? NOTHING;
      const changed = [...documents.changedSince(saved.documents)];
      const { kept, keys } = planned(saved.pieces, changed, documents);
      const pieces = [...kept, ...(await writeAll(keys, documents))];
      stores.set(store, { documents, pieces });

      return pieces.map(({ file, bytes, sha256 }) => ({ file, bytes, sha256 }));
    },

    async clean(used) {
      const keep = new Set(used.map(({ file }) => basename(piecePath(place, file))));
      for (const name of await readdir(place.entities).catch(() => [])) {
        if (!keep.has(name)) await rm(join(place.entities, name), { force: true });
      }
    },
  };

  async function writeAll(
    keys: Iterable<string>,
    documents: PersistentMap<HeldDocument>,
  ): Promise<readonly Written[]> {
    const written: Written[] = [];
    for (const entries of chunksOf(keys, documents)) {
      await makeFolder(place.entities);
      const piece = await writePiece(place, keyring, files, entries);
      written.push({ ...piece, keys: entries.map(([key]) => key) });
      // Sealing a piece takes some milliseconds.
      await nextTurn();
    }

    return written;
  }
}

/**
 * What stays, and what is written: a short piece at the end is written again with what comes, and everything once most of what lies there
 * was overtaken.
 */
function planned(
  pieces: readonly Written[],
  changed: readonly string[],
  documents: PersistentMap<HeldDocument>,
): { readonly kept: readonly Written[]; readonly keys: Iterable<string> } {
  if (changed.length === 0) return { kept: pieces, keys: [] };
  const lying = pieces.reduce((sum, { keys }) => sum + keys.length, changed.length);
  if (lying > 2 * documents.size + PIECE.entities) return { kept: [], keys: keysOf(documents) };

  const keys = new Set(changed);
  const kept = [...pieces];
  for (let last = kept.at(-1); last !== undefined; last = kept.at(-1)) {
    if (last.keys.length + keys.size > PIECE.entities) break;
    for (const key of last.keys) keys.add(key);
    kept.pop();
  }

  return { kept, keys };
}

function* keysOf(documents: PersistentMap<HeldDocument>): Generator<string> {
  for (const [key] of documents.entries()) yield key;
}

function* chunksOf(
  keys: Iterable<string>,
  documents: PersistentMap<HeldDocument>,
): Generator<readonly PieceEntry[]> {
  let entries: PieceEntry[] = [];
  let chars = 0;
  for (const key of keys) {
    const document = documents.get(key);
    entries.push([key, document]);
    chars += key.length + (document?.text.length ?? 0);
    if (entries.length < PIECE.entities && chars < PIECE.chars) continue;
    yield entries;
    entries = [];
    chars = 0;
  }
  if (entries.length > 0) yield entries;
}
