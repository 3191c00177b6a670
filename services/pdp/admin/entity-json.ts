import { z } from 'zod';
import { PdpError } from '../../engine/error.ts';
import { type JsonValue, parseExactJson } from '../../ledger/json.ts';
import type { StoredEntity, StoredUid } from '../../store/entities.ts';

/** An entity as it is told: the Cedar JSON that is kept, and which write made it. */
export function entityJson({ document, sequence, author, writtenAt }: StoredEntity) {
  return {
    entity: parseExactJson(document) as JsonValue,
    sequence,
    author,
    written_at: writtenAt.toISOString(),
  };
}

/** Where the next page of a listing begins: in the state that the first page was of. */
export interface EntityCursor {
  readonly sequence: bigint;
  readonly after: StoredUid;
}

const CURSOR = z.tuple([z.string().regex(/^\d{1,18}$/), z.string(), z.string()]);

export function cursorText({ sequence, after: { type, id } }: EntityCursor): string {
  return Buffer.from(JSON.stringify([sequence.toString(), type, id])).toString('base64url');
}

/** @throws PdpError `invalid_request` where it is none of ours. */
export function readCursor(text: string): EntityCursor {
  try {
    const [sequence, type, id] = CURSOR.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));

    return { sequence: BigInt(sequence), after: { type, id } };
  } catch (cause) {
    throw new PdpError('invalid_request', 'cursor: is not the `next` of a page', { field: 'cursor', cause });
  }
}
