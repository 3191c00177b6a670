import { PdpError } from '../../engine/error.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { EntityVersion, EntityWriteRef } from '../../store/entities.ts';
import { emptyMap, type PersistentMap } from './persistent-map.ts';

/** An entity as a store holds it. */
export interface HeldDocument {
  readonly type: string;
  readonly text: string;
}

/** What a store holds at one sequence, as text, by key. Immutable. */
export interface HeldEntities {
  /** Of the store's state, so of its newest change, be it of entities or not; 0 before the first. */
  readonly sequence: bigint;
  readonly documents: PersistentMap<HeldDocument>;
  /** A write of entities that is part of it, the newest that is known; absent: none was. */
  readonly lastWrite?: EntityWriteRef | undefined;
}

export const NOTHING_HELD: HeldEntities = { sequence: 0n, documents: emptyMap() };

/**
 * What a store holds after changes: all that were made between the two states, or a bulk write would be seen in part.
 * @param changes at most one of an entity, or several in the order of their sequences.
 * @param upTo the sequence of the later state.
 * @throws PdpError `internal` where a change is not of the time between them; what is held goes on.
 */
export function afterChanges(
  held: HeldEntities,
  changes: readonly EntityVersion[],
  upTo: bigint,
): HeldEntities {
  const stray = changes.find(({ sequence }) => sequence <= held.sequence || sequence > upTo);
  if (stray !== undefined) {
    const between = `between ${held.sequence} and ${upTo}`;
    throw new PdpError('internal', `a change of sequence ${stray.sequence} is not ${between}`);
  }

  return { sequence: upTo, documents: held.documents.with(changes.map(entryOf)) };
}

function entryOf({ type, id, document }: EntityVersion): readonly [string, HeldDocument | undefined] {
  return [uidKey(type, id), document === null ? undefined : { type, text: document }];
}
