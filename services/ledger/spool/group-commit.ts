import { PdpError } from '../../engine/error.ts';
import type { SegmentLog, UnlinkedRecord } from './segment-log.ts';

/** Bounds one write; what does not fit is in the next group. */
const GROUP_BYTES = 4 * 1024 * 1024;

/** Records waiting in memory for a disk that is slow or hangs. */
const WAITING_BYTES = 64 * 1024 * 1024;

/** Pause before another attempt after failures in a row; callers are refused meanwhile. */
const RETRY_MS = 100;

/** Records that arrive while one group is being written make up the next group. */
export interface GroupCommit {
  /** @throws PdpError `unavailable` if the record could not be written, or too much is waiting; then it is not in the log. */
  append(record: UnlinkedRecord): Promise<void>;
  /** Resolves when nothing is waiting. */
  settled(): Promise<void>;
  groups(): number;
  /** Refuses further records and waits for those that were taken. */
  close(): Promise<void>;
}

interface WaitingRecord extends UnlinkedRecord {
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: PdpError) => void;
}

export function createGroupCommit(log: SegmentLog, onCommit: () => void): GroupCommit {
  let waiting: WaitingRecord[] = [];
  let waitingBytes = 0;
  let running: Promise<void> | undefined;
  let groups = 0;
  let failuresInARow = 0;
  let retryAt = 0;
  let closed = false;

  return {
    append({ head, input }) {
      if (closed) return Promise.reject(refusal('the decision log is closed'));

      const bytes = head.length + (input?.length ?? 0);
      if (waitingBytes + bytes > WAITING_BYTES) {
        return Promise.reject(refusal('the decision log cannot keep up'));
      }

      return new Promise((resolve, reject) => {
        waiting.push({ head, input, bytes, resolve, reject });
        waitingBytes += bytes;
        running ??= run();
      });
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

  function takeGroup(): WaitingRecord[] {
    let bytes = 0;
    let count = 0;
    for (const record of waiting) {
      if (count > 0 && bytes + record.bytes > GROUP_BYTES) break;

      bytes += record.bytes;
      count += 1;
    }

    const group = waiting.slice(0, count);
    waiting = waiting.slice(count);
    waitingBytes -= bytes;
    return group;
  }

  async function commit(group: readonly WaitingRecord[]): Promise<void> {
    if (performance.now() < retryAt) {
      for (const record of group) record.reject(refusal('the decision log cannot be written'));
      return;
    }

    try {
      await log.commit(group);
    } catch (cause) {
      failuresInARow += 1;
      if (failuresInARow > 1) retryAt = performance.now() + RETRY_MS;
      for (const record of group) record.reject(refusal('the decision could not be recorded', cause));
      return;
    }

    failuresInARow = 0;
    groups += 1;
    for (const record of group) record.resolve();
    onCommit();
  }
}

function refusal(message: string, cause?: unknown): PdpError {
  return new PdpError('unavailable', message, cause === undefined ? {} : { cause });
}
