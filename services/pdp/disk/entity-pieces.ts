import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { Keyring } from '../../ledger/keyring.ts';
import type { HeldDocument } from '../entities/held-entities.ts';
import { readOwnFile, type SnapshotFiles } from './files.ts';
import type { SnapshotPlace } from './place.ts';
import type { SavedPiece } from './saved-state.ts';
import { seal, unseal } from './sealed.ts';
import { SnapshotError } from './snapshot-error.ts';

/** Some entities of a store, as a piece has them: what is there under a key, or `undefined` where nothing is any more. */
export type PieceEntry = readonly [key: string, document: HeldDocument | undefined];

/** A document's limit is far below it, and each character takes at most three bytes. */
const MOST_BYTES = 8 * 1024 * 1024;

const CONTENT = z.array(z.tuple([z.string(), z.string(), z.string().nullable()]));

/** Seals entries into a file of their own, which is never changed. */
export async function writePiece(
  place: SnapshotPlace,
  keyring: Keyring,
  files: SnapshotFiles,
  entries: readonly PieceEntry[],
): Promise<SavedPiece> {
  const file = randomBytes(16).toString('hex');
  const rows = entries.map(([key, document]) => [key, document?.type ?? '', document?.text ?? null]);
  const sealed = seal(keyring, { kind: 'entities', server: place.server }, JSON.stringify(rows));
  await files.replace(piecePath(place, file), [sealed]);

  return { file, bytes: sealed.length, sha256: createHash('sha256').update(sealed).digest('hex') };
}

/** @throws SnapshotError where the file is not the one that was written. */
export async function readPiece(
  place: SnapshotPlace,
  keyring: Keyring,
  { file, bytes, sha256 }: SavedPiece,
): Promise<readonly PieceEntry[]> {
  const path = piecePath(place, file);
  const sealed = await readOwnFile(path, MOST_BYTES);
  if (sealed.length !== bytes || createHash('sha256').update(sealed).digest('hex') !== sha256) {
    throw new SnapshotError(`${path} is not the file that was saved`);
  }
  const text = unseal(keyring, { kind: 'entities', server: place.server }, sealed);
  const rows = CONTENT.parse(JSON.parse(text));

  return rows.map(([key, type, document]) => [key, document === null ? undefined : { type, text: document }]);
}

export function piecePath({ entities }: SnapshotPlace, file: string): string {
  return join(entities, `${file}.sealed`);
}
