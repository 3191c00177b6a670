import { PdpError } from '../../engine/error.ts';
import { uidKey } from '../../engine/value/value.ts';
import { emptyMap, type PersistentMap } from './persistent-map.ts';

/** One entity as it was written. */
export interface EntityChange {
  readonly type: string;
  readonly id: string;
  /** Cedar JSON text; `null` where it was deleted. */
  readonly document: string | null;
  /** Of the write; a bulk write is one. */
  readonly sequence: bigint;
}

/** An entity as a store holds it. */
export interface HeldDocument {
  readonly type: string;
  readonly text: string;
}

/** What a store holds at one sequence, as text, by key. Immutable. */
export interface HeldEntities {
  /** Of the newest write in it; 0 where nothing was ever written. */
  readonly sequence: bigint;
  readonly documents: PersistentMap<HeldDocument>;
}

export const NOTHING_HELD: HeldEntities = { sequence: 0n, documents: emptyMap() };

/**
 * What a store holds after changes, in the order of their sequences: all of some writes, or a bulk write would be seen in part.
 * @throws PdpError `internal` where a change is not newer than what is held, or out of order: what is held goes on.
 */
export function afterChanges(held: HeldEntities, changes: readonly EntityChange[]): HeldEntities {
  let { sequence } = held;
  for (const change of changes) {
    if (change.sequence <= held.sequence || change.sequence < sequence) {
      throw new PdpError('internal', `a change of sequence ${change.sequence} comes after ${sequence}`);
    }
    sequence = change.sequence;
  }

  return { sequence, documents: held.documents.with(changes.map(entryOf)) };
}

function entryOf({ type, id, document }: EntityChange): readonly [string, HeldDocument | undefined] {
  return [uidKey(type, id), document === null ? undefined : { type, text: document }];
}
