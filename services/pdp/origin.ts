import { setTimeout as sleep } from 'node:timers/promises';
import { PdpError } from '../engine/error.ts';
import type { Keyring } from '../ledger/keyring.ts';
import type { Database } from '../store/database.ts';
import { isAway } from '../store/database-error.ts';
import { assertMigrated } from '../store/migrate.ts';
import type { Log } from '../telemetry/log.ts';
import { type OpenSnapshot, openSnapshot } from './disk/open.ts';
import type { SnapshotPlace } from './disk/place.ts';
import { SnapshotError } from './disk/snapshot-error.ts';

export interface OriginOptions {
  readonly database: Database;
  /** Absent: nothing is kept on the disk. */
  readonly place: SnapshotPlace | undefined;
  readonly keyring: Keyring;
  /** How old a state may be that is decided by. */
  readonly maxStalenessMs: number;
  readonly log: Pick<Log, 'warn'>;
}

/** What a process starts from. */
export interface Origin {
  /** Whether PostgreSQL does not answer: then it is the snapshot. */
  readonly away: boolean;
  /** What was kept of PostgreSQL; absent where nothing was that can be used. */
  readonly saved: OpenSnapshot | undefined;
}

/** What PostgreSQL gets for its first answer. */
const ANSWER_MS = 10_000;

/**
 * Finds out by what this process can start: by PostgreSQL where it answers, else by a snapshot that was verified.
 * @throws PdpError where PostgreSQL answers and is not in order, or does not answer and there is no such snapshot, which says why.
 */
export async function findOrigin(options: OriginOptions): Promise<Origin> {
  const { database, log } = options;
  const opened = await open(options);
  const saved = 'state' in opened ? opened : undefined;
  const absence = await absenceOf(database);
  if (absence === undefined) {
    if (opened instanceof SnapshotError && !isMissing(opened)) {
      log.warn({ err: opened }, 'what was kept on the disk is not used, and is replaced');
    }
    return { away: false, saved };
  }

  if (opened instanceof SnapshotError) {
    const why = isMissing(opened) ? 'nothing was kept on the disk to start from' : opened.message;
    // Its own message says no more than this one; what is behind it does.
    const cause = absence instanceof PdpError ? (absence.cause ?? absence) : absence;
    throw new PdpError('unavailable', `the database is not available, and ${why}`, { cause });
  }

  await opened.verifyArchives();
  const ageMs = opened.ageMs();
  const confirmed = new Date(Date.now() - ageMs).toISOString();
  log.warn(
    { err: absence, confirmed, stores: opened.state.stores.length },
    'PostgreSQL does not answer: this process starts from its snapshot, which is STALE',
  );
  if (ageMs > options.maxStalenessMs) {
    log.warn({ confirmed }, 'the snapshot is too old to decide by: every decision is unavailable');
  }

  return { away: true, saved: opened };
}

/** Why PostgreSQL is not there; `undefined`: it answers, and is in order. */
async function absenceOf(database: Database): Promise<unknown> {
  const late = sleep(ANSWER_MS, undefined, { ref: false }).then(() => {
    throw new PdpError('unavailable', 'the database is not available', {
      cause: new Error(`no answer within ${ANSWER_MS} ms`),
    });
  });
  try {
    await Promise.race([assertMigrated(database), late]);

    return undefined;
  } catch (error) {
    if (isAway(error)) return error;
    throw error;
  } finally {
    late.catch(() => undefined);
  }
}

async function open({ place, keyring }: OriginOptions): Promise<OpenSnapshot | SnapshotError> {
  if (place === undefined) return new SnapshotError('PALISADE_SNAPSHOT is off: nothing is kept on the disk');

  try {
    return await openSnapshot(place, keyring);
  } catch (error) {
    return error instanceof SnapshotError
      ? error
      : new SnapshotError('what is kept on the disk cannot be read', error);
  }
}

/** At the first start there is nothing yet. */
function isMissing({ cause }: SnapshotError): boolean {
  for (let error: unknown = cause; error instanceof Error; error = error.cause) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
  }

  return false;
}
