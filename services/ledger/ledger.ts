import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PdpError } from '../engine/error.ts';
import type { Database } from '../store/database.ts';
import type { DatabaseConnection } from '../store/pool.ts';
import { type Adopter, type AdopterStats, createAdopter } from './adopt.ts';
import type { DeliveryStats } from './delivery.ts';
import { createDrain, type Drain } from './drain.ts';
import { createInputSealer } from './input.ts';
import type { Keyring } from './keyring.ts';
import { createMover, type Mover } from './mover/mover.ts';
import { createMoverThread } from './mover/thread.ts';
import type { RecordEntry } from './record.ts';
import { recordHead } from './record-text.ts';
import { diskFiles, type SpoolFiles } from './spool/files.ts';
import { createSpoolFolder, type Keeper, releaseFolder, removeFolder } from './spool/folder.ts';
import { createGroupCommit, type Settled, type UnsealedRecord } from './spool/group-commit.ts';
import { identifyThisProcess, signOfLife } from './spool/owner.ts';
import { createSegmentLog, type SegmentLog, type UnlinkedRecord } from './spool/segment-log.ts';
import { createSpaceAccount, type Reservation } from './spool/space.ts';

/**
 * What a record survives once `append` resolves. `durable`: process kill, power loss, Postgres outage; `flushed`: the same
 * but power loss; `async`: nothing is promised, and a record that finds no room is counted and dropped.
 */
export const LEDGER_LEVELS = ['durable', 'flushed', 'async'] as const;
export type LedgerLevel = (typeof LEDGER_LEVELS)[number];

export interface LedgerOptions {
  /** The spool: a persistent folder on this host, shared by the processes that serve here. */
  readonly directory: string;
  readonly level: LedgerLevel;
  readonly keyring: Keyring;
  /** Absent: records stay in the spool. */
  readonly pool: Database | undefined;
  /** The same database, for a thread of its own that moves this process's records. Absent: the pool does, on this thread. */
  readonly connection?: DatabaseConnection;
  /** What the spool may hold, in bytes. */
  readonly capBytes: number;
  /** Names this process in records: `[A-Za-z0-9._-]`, at most 64. It may come again after a restart. */
  readonly processId: string;
  /** Hosts that an operator declared gone for good, so that what they left here may be taken over. */
  readonly lostHosts?: readonly string[];
  /** For tests: a file system that fails. */
  readonly files?: SpoolFiles;
}

export interface Ledger {
  /** This start's id in records. */
  readonly bootId: string;
  /**
   * Holds room in the spool for a record, before anything is settled that would have to be taken back.
   * @param bytes an upper bound of what the record takes in the spool.
   * @throws PdpError `unavailable` if the spool is full; at level `async` never.
   */
  reserve(bytes: number): Reservation;
  /**
   * Records a decision; resolves when it survives what the level promises. Releases the reservation in any case.
   * @param input the exact request, kept encrypted; null: none is kept.
   * @throws PdpError `unavailable` if it is not recorded; then it must not be replied either.
   */
  append(entry: RecordEntry, input: string | null, space: Reservation): Promise<void>;
  /** The same, for those who record many at once. @param settled told the outcome, later or at once; must not throw. */
  appendThen(entry: RecordEntry, input: string | null, space: Reservation, settled: Settled): void;
  stats(): LedgerStats;
  /** Waits until everything recorded so far, and everything taken over, is in Postgres; false if that took longer. */
  flush(deadlineMs: number): Promise<boolean>;
  /** Refuses further records and stops. What is not in Postgres yet stays in the spool for the next process. */
  close(): Promise<void>;
}

export interface LedgerStats {
  readonly level: LedgerLevel;
  /** Records written since the start, and the groups that they were written in. */
  readonly recorded: number;
  readonly groups: number;
  /** Records of this process that wait for Postgres. */
  readonly waitingRecords: number;
  /** What the spool holds on disk for this process, drained parts of open segments included. */
  readonly spoolBytes: number;
  /** Segments closed by a failed write. */
  readonly sealed: number;
  /** Records lost at level `async`. */
  readonly dropped: number;
  /** Why the spool cannot be read; null if it can. */
  readonly problem: string | null;
  readonly delivery: DeliveryStats | null;
  readonly adopted: (AdopterStats & { readonly delivery: DeliveryStats }) | null;
}

const SEGMENT_BYTES = 16 * 1024 * 1024;

/** Space is freed by whole segments, so a small spool needs smaller ones. */
const SEGMENTS_PER_SPOOL = 16;

const SIGN_OF_LIFE_EVERY_MS = 5_000;
const ADOPT_EVERY_MS = 10_000;

/** At level `async`: the record will be dropped, and counted then. */
const NO_ROOM: Reservation = { release: () => undefined };

const PROCESS_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Opens the decision log of this process: a chain of its own in a spool folder of its own, drained to Postgres.
 * Takes over what processes that are gone left in the spool, now and every ten seconds.
 * @throws PdpError `invalid_request` for a malformed process id; the file system's error if the spool cannot be made.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { directory, level, pool, connection, capBytes, processId, lostHosts = [] } = options;
  if (!PROCESS_ID.test(processId)) throw new PdpError('invalid_request', `${processId} is no process id`);

  const keeper = {
    identity: await identifyThisProcess(),
    chain: { process_id: processId, boot_id: randomUUID() },
  };
  const folder = await createSpoolFolder(directory, keeper);
  const log = createSegmentLog({
    folder,
    owner: keeper.chain,
    files: options.files ?? diskFiles,
    sync: level === 'durable',
    segmentBytes: Math.min(SEGMENT_BYTES, capBytes / SEGMENTS_PER_SPOOL),
  });
  const drainage =
    pool === undefined ? undefined : createDrainage(pool, connection, log, { directory, keeper, lostHosts });
  const sealer = createInputSealer(options.keyring);
  const commits = createGroupCommit({ log, seal, onCommit: () => drainage?.drain.wake() });
  const space = createSpaceAccount({
    directory,
    capBytes,
    used: () => bytesOf(log) + (drainage?.adopter.bytes() ?? 0),
    written: log.written,
  });
  const timers = [setInterval(showLife, SIGN_OF_LIFE_EVERY_MS).unref()];
  let dropped = 0;

  if (drainage !== undefined) {
    timers.push(setInterval(drainage.adopter.scan, ADOPT_EVERY_MS).unref());
    await drainage.adopter.scan();
  }

  return {
    bootId: keeper.chain.boot_id,

    reserve(bytes) {
      if (level !== 'async') return space.reserve(bytes);

      try {
        return space.reserve(bytes);
      } catch {
        return NO_ROOM;
      }
    },

    append: (entry, input, room) =>
      new Promise((resolve, reject) => {
        appendThen(entry, input, room, (error) => (error === undefined ? resolve() : reject(error)));
      }),

    appendThen,

    stats: () => ({
      level,
      recorded: log.committed(),
      groups: commits.groups(),
      waitingRecords: log.committed() - (drainage?.drain.moved() ?? 0),
      spoolBytes: bytesOf(log),
      sealed: log.sealed(),
      dropped,
      problem: drainage?.drain.problem() ?? null,
      delivery: drainage?.mover.stats() ?? null,
      adopted:
        drainage === undefined ? null : { ...drainage.adopter.stats(), delivery: drainage.adopting.stats() },
    }),

    async flush(deadlineMs) {
      const late = sleep(deadlineMs, false, { ref: false });
      return Promise.race([moveAll(), late]);
    },

    async close() {
      for (const timer of timers) clearInterval(timer);
      await commits.close();
      await drainage?.drain.close();
      await drainage?.adopter.close();
      // What cannot be tidied up is left to whoever takes the folder over.
      await leaveFolder().catch(() => undefined);
    },
  };

  function appendThen(entry: RecordEntry, input: string | null, room: Reservation, settled: Settled): void {
    if (level !== 'async') {
      appendInto(entry, input, room, settled);
      return;
    }

    // Nothing is promised at this level, so nobody waits.
    settled();
    if (room === NO_ROOM) dropped += 1;
    else appendInto(entry, input, room, countDropped);
  }

  function appendInto(entry: RecordEntry, input: string | null, room: Reservation, settled: Settled): void {
    commits.append({ entry, input }, (error) => {
      room.release();
      settled(error);
    });
  }

  function countDropped(error?: PdpError): void {
    if (error !== undefined) dropped += 1;
  }

  function seal({ entry, input }: UnsealedRecord): UnlinkedRecord {
    if (input === null) return { head: recordHead(entry, null), input: null };

    const { commitment, part } = sealer.seal(input, entry);
    return { head: recordHead(entry, commitment), input: JSON.stringify(part) };
  }

  async function moveAll(): Promise<boolean> {
    await commits.settled();
    if (drainage === undefined) return false;

    const [moved] = await Promise.all([drainage.drain.flush(), drainage.adopter.idle()]);
    return moved;
  }

  async function showLife(): Promise<void> {
    // Without it, only a process of another namespace could take this one for gone; and that loses nothing.
    await signOfLife(folder).catch(() => undefined);
    await drainage?.adopter.signOfLife();
  }

  async function leaveFolder(): Promise<void> {
    if (drainage?.drain.moved() === log.committed()) {
      for (const { path } of log.extents()) await rm(path, { force: true });
      if (await removeFolder(folder)) return;
    }

    await releaseFolder(folder, keeper);
  }
}

interface Drainage {
  readonly mover: Mover;
  readonly drain: Drain;
  /** Moves what others left: seldom, and so on this thread. */
  readonly adopting: Mover;
  readonly adopter: Adopter;
}

function createDrainage(
  pool: Database,
  connection: DatabaseConnection | undefined,
  log: SegmentLog,
  spool: { readonly directory: string; readonly keeper: Keeper; readonly lostHosts: readonly string[] },
): Drainage {
  const mover = connection === undefined ? createMover(pool) : createMoverThread(connection);
  const adopting = createMover(pool);

  return {
    mover,
    drain: createDrain(log, mover),
    adopting,
    adopter: createAdopter({ ...spool, mover: adopting }),
  };
}

function bytesOf(log: SegmentLog): number {
  return log.extents().reduce((sum, { bytes }) => sum + bytes, 0);
}
