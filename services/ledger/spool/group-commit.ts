import { PdpError } from '../../engine/error.ts';
import type { RecordEntry } from '../record.ts';
import type { SegmentLog, UnlinkedRecord } from './segment-log.ts';

/** Bounds one write; what does not fit is in the next group. */
const GROUP_BYTES = 4 * 1024 * 1024;

/** Inputs waiting in memory for a disk that is slow or hangs, in UTF-16 units. */
const WAITING_UNITS = 32 * 1024 * 1024;
/** For what a record holds beside its input. */
const ENTRY_UNITS = 1_024;

/** Pause before another attempt after failures in a row; callers are refused meanwhile. */
const RETRY_MS = 100;

/** A record before it is put into words. */
export interface UnsealedRecord {
  readonly entry: RecordEntry;
  /** The exact request; null: none is kept. */
  readonly input: string | null;
}

/**
 * Told that a record is written, or with PdpError `unavailable` that it is not in the log: it could not be written, or too much
 * is waiting. It must not throw. A call and no promise, because a batch waits for a hundred records at once.
 */
export type Settled = (error?: PdpError) => void;

/** Records that arrive while one group is being written make up the next group. */
export interface GroupCommit {
  /** @param settled called once, later or at once. */
  append(record: UnsealedRecord, settled: Settled): void;
  /** Resolves when nothing is waiting. */
  settled(): Promise<void>;
  groups(): number;
  /** Refuses further records and waits for those that were taken. */
  close(): Promise<void>;
}

interface WaitingRecord extends UnsealedRecord {
  readonly settled: Settled;
}

/** What is written at once. */
interface Group {
  readonly members: readonly WaitingRecord[];
  readonly records: readonly UnlinkedRecord[];
}

export interface GroupCommitOptions {
  readonly log: SegmentLog;
  /** Puts a record into words. Asked for a whole group in one go, so that its code and OpenSSL's are fetched once. */
  readonly seal: (record: UnsealedRecord) => UnlinkedRecord;
  readonly onCommit: () => void;
}

export function createGroupCommit({ log, seal, onCommit }: GroupCommitOptions): GroupCommit {
  let waiting: WaitingRecord[] = [];
  let waitingUnits = 0;
  let running: Promise<void> | undefined;
  let groups = 0;
  let failuresInARow = 0;
  let retryAt = 0;
  let closed = false;

  return {
    append({ entry, input }, settled) {
      const units = unitsOf(input);
      if (closed) return settled(refusal('the decision log is closed'));
      if (waitingUnits + units > WAITING_UNITS) return settled(refusal('the decision log cannot keep up'));

      waiting.push({ entry, input, settled });
      waitingUnits += units;
      running ??= run();
    },

    async settled() {
      await running;
    },

    groups: () => groups,

    async close() {
      closed = true;
      await running;
      await log.close();
    },
  };

  async function run(): Promise<void> {
    // Everything that the same turn of the event loop brings goes into the first group too.
    await new Promise(setImmediate);

    while (waiting.length > 0) await commit(takeGroup());
    running = undefined;
  }

  function takeGroup(): Group {
    const members: WaitingRecord[] = [];
    const records: UnlinkedRecord[] = [];
    let taken = 0;
    let bytes = 0;
    for (const record of waiting) {
      if (bytes >= GROUP_BYTES) break;

      taken += 1;
      waitingUnits -= unitsOf(record.input);
      try {
        const sealed = seal(record);
        bytes += sealed.head.length + (sealed.input?.length ?? 0);
        records.push(sealed);
        members.push(record);
      } catch (cause) {
        record.settled(refusal('the decision could not be recorded', cause));
      }
    }

    waiting = waiting.slice(taken);
    return { members, records };
  }

  async function commit({ members, records }: Group): Promise<void> {
    if (records.length === 0) return;
    if (performance.now() < retryAt) {
      for (const member of members) member.settled(refusal('the decision log cannot be written'));
      return;
    }

    try {
      await log.commit(records);
    } catch (cause) {
      failuresInARow += 1;
      if (failuresInARow > 1) retryAt = performance.now() + RETRY_MS;
      for (const member of members) member.settled(refusal('the decision could not be recorded', cause));
      return;
    }

    failuresInARow = 0;
    groups += 1;
    for (const member of members) member.settled();
    onCommit();
  }
}

function unitsOf(input: string | null): number {
  return ENTRY_UNITS + (input?.length ?? 0);
}

function refusal(message: string, cause?: unknown): PdpError {
  return new PdpError('unavailable', message, cause === undefined ? {} : { cause });
}
