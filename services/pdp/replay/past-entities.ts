import { idOfKey, typeOfKey } from '../../engine/value/value.ts';
import type { Database } from '../../store/database.ts';
import { type EntityHistory, versionsOf } from '../../store/entities.ts';
import { type Attempt, attempt, type StoredBy, untilNothingIsMissed } from '../entities/demanded.ts';
import type { HeldDocument } from '../entities/held-entities.ts';

/** What a store held at the states that past decisions were made by. */
export interface PastEntities {
  /**
   * Decides by a state; at once where all that it takes is known.
   * @throws what `body` throws; PdpError as `toStoreError` says.
   */
  at<Result>(sequence: bigint, body: (storedBy: StoredBy) => Result): Result | Promise<Result>;
}

interface Version {
  readonly sequence: bigint;
  /** `null`: deleted. */
  readonly document: HeldDocument | null;
}

/** What is known of one entity: every version from one sequence to another. */
interface Known {
  readonly from: bigint;
  readonly upTo: bigint;
  /** The newest first, down to the one that holds at `from`. */
  readonly versions: readonly Version[];
}

/** Of each entity that is asked for. Records are replayed from the newest to the oldest. */
const VERSIONS = 64;
/** Characters of documents; what is known is forgotten then, and asked for again. */
const MAX_CHARS = 64 * 1024 * 1024;

export function createPastEntities(database: Database, store: string): PastEntities {
  const known = new Map<string, Known>();
  let chars = 0;

  return {
    at(sequence, body) {
      const trying = (): Attempt<ReturnType<typeof body>> => attempt((key) => heldAt(key, sequence), body);
      const first = trying();
      if (first.missed.length === 0) return first.result();

      return fetch(first.missed, sequence).then(() =>
        untilNothingIsMissed((keys) => fetch(keys, sequence), trying),
      );
    },
  };

  function heldAt(key: string, sequence: bigint): HeldDocument | null | undefined {
    const found = known.get(key);
    if (found === undefined || sequence < found.from || sequence > found.upTo) return undefined;

    return found.versions.find((version) => version.sequence <= sequence)?.document ?? null;
  }

  async function fetch(keys: readonly string[], upTo: bigint): Promise<void> {
    if (chars > MAX_CHARS) {
      known.clear();
      chars = 0;
    }
    const uids = keys.map((key) => ({ type: typeOfKey(key), id: idOfKey(key) }));
    const histories = await versionsOf(database, store, uids, { upTo, limit: VERSIONS });
    for (const [index, history] of histories.entries()) keep(keys[index] ?? '', history, upTo);
  }

  function keep(key: string, { type, versions }: EntityHistory, upTo: bigint): void {
    for (const { document } of versions) chars += document?.length ?? 0;
    known.set(key, {
      from: versions.length < VERSIONS ? 0n : (versions.at(-1)?.sequence ?? 0n),
      upTo,
      versions: versions.map(({ sequence, document }) => ({
        sequence,
        document: document === null ? null : { type, text: document },
      })),
    });
  }
}
