import { setTimeout as sleep } from 'node:timers/promises';
import type { Keyring } from '../../ledger/keyring.ts';
import type { Database } from '../../store/database.ts';
import { lastMigration } from '../../store/migrate.ts';
import type { Log } from '../../telemetry/log.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import type { Replica } from '../replica.ts';
import { createArchives } from './archives.ts';
import { createClaim } from './claim.ts';
import { collectState } from './collect.ts';
import { type SnapshotFiles, snapshotFiles } from './files.ts';
import { readMark, writeMark } from './mark.ts';
import { type Moment, momentBefore, momentNow } from './moment.ts';
import { MOST_STATE_BYTES } from './open.ts';
import type { SnapshotPlace } from './place.ts';
import { createSavedEntities } from './saved-entities.ts';
import type { SavedBundle, SavedPiece } from './saved-state.ts';
import { seal } from './sealed.ts';
import { taggedJson } from './tagged-json.ts';

export interface SnapshotKeeperOptions {
  readonly place: SnapshotPlace;
  readonly keyring: Keyring;
  readonly replica: Replica;
  readonly database: Database;
  /** How long what is kept counts; a confirmation is noted well more often. */
  readonly maxStalenessMs: number;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** For tests: a disk that is full. */
  readonly files?: SnapshotFiles;
}

/** Keeps on the disk what the replica has taken over. */
export interface SnapshotKeeper {
  /** Saves what is not saved yet, now. Never rejects: what fails is told, and what was saved before stays. */
  save(): Promise<void>;
  stats(): KeeperStats;
  /** Saves once more, and lets go of the folder. */
  close(): Promise<void>;
}

export interface KeeperStats {
  /** Milliseconds since what lies on the disk was last confirmed there; `undefined`: nothing was, since the start. */
  readonly confirmedMs: number | undefined;
  /** Times that nothing could be saved. */
  readonly failures: number;
}

const LOOK_MS = 250;
/** Changes within it are saved together. */
const BETWEEN_MS = 1_000;
const RETRY_MS = 5_000;
/** Signatures come and requirements go without a deployment. */
const AGAIN_MS = 60_000;
const LONGEST_MARK_MS = 30_000;
const MARKS_PER_STALENESS = 20;
/** What stopping waits for. */
const CLOSE_MS = 3_000;
const LOG_EVERY_MS = 60_000;

/** Looks several times a second whether there is something to save. Whoever makes it closes it. */
export function createSnapshotKeeper(options: SnapshotKeeperOptions): SnapshotKeeper {
  const { place, keyring, replica, database, log, files = snapshotFiles } = options;
  const archives = createArchives(place, database, files);
  const entities = createSavedEntities(place, keyring, files);
  const claim = createClaim(place.folder);
  const markMs = Math.min(LONGEST_MARK_MS, options.maxStalenessMs / MARKS_PER_STALENESS);
  const warn = createThrottle(LOG_EVERY_MS);
  let saved: { readonly snapshot: unknown; readonly text: string; readonly at: number } | undefined;
  let generation: bigint | undefined;
  let bundles: readonly SavedBundle[] = [];
  let pieces: readonly SavedPiece[] = [];
  let markedAt = Number.NEGATIVE_INFINITY;
  let confirmedAt: number | undefined;
  let notBefore = 0;
  let failures = 0;
  let working: Promise<void> = Promise.resolve();
  let idle = true;
  const timer = setInterval(() => {
    if (idle && performance.now() >= notBefore && isDue()) void save();
  }, LOOK_MS).unref();

  return {
    save,

    stats: () => ({
      confirmedMs: confirmedAt === undefined ? undefined : performance.now() - confirmedAt,
      failures,
    }),

    async close() {
      clearInterval(timer);
      await Promise.race([save(), sleep(CLOSE_MS, undefined, { ref: false })]);
      await claim.release();
    },
  };

  function isDue(): boolean {
    const now = performance.now();
    if (saved === undefined || replica.snapshot() !== saved.snapshot) return true;

    return now - markedAt >= markMs || now - saved.at >= AGAIN_MS;
  }

  function save(): Promise<void> {
    idle = false;
    working = working.then(saveOnce).finally(() => {
      idle = true;
    });

    return working;
  }

  async function saveOnce(): Promise<void> {
    try {
      const other = await claim.take();
      if (other === undefined) await saveWhatIsDue();
      else tellOf(other);
      notBefore = performance.now() + (other === undefined ? BETWEEN_MS : RETRY_MS);
    } catch (err) {
      failures += 1;
      notBefore = performance.now() + RETRY_MS;
      warn((since_last) =>
        log.warn(
          { err, since_last, folder: place.folder },
          'what PostgreSQL says could not be kept on the disk; what was kept before stays',
        ),
      );
    }
  }

  /** The state where it has changed, and the mark, which says when it was confirmed. */
  async function saveWhatIsDue(): Promise<void> {
    const snapshot = replica.snapshot();
    const held = replica.held();
    // What came from the disk and was not confirmed since is there already.
    if (held === undefined) return;

    const ageMs = replica.ageMs();
    const confirmed = momentBefore(momentNow(), ageMs);
    const isNew = snapshot !== saved?.snapshot || performance.now() - saved.at >= AGAIN_MS;
    if (isNew) {
      const state = await collectState(database, { archives, entities }, held);
      const text = taggedJson({ ...state, migration: await lastMigration() });
      if (text !== saved?.text) await saveState(text, confirmed);
      saved = { snapshot, text, at: performance.now() };
      bundles = state.bundles;
      pieces = state.stores.flatMap((store) => store.entities);
    }
    // While PostgreSQL is away there is nothing to note, and a clock that is set meanwhile changes nothing.
    if (isNew || ageMs < markMs) {
      const mark = { installation: held.installation, generation: generation ?? 1n, confirmed };
      await writeMark(place, keyring, mark, files);
      confirmedAt = performance.now() - ageMs;
    }
    if (isNew) {
      await archives.clean(bundles);
      await entities.clean(pieces);
    }
    await claim.signOfLife();
    markedAt = performance.now();
  }

  /** @param text of the state, which may be long and is not written a second time for two members more. */
  async function saveState(text: string, confirmed: Moment): Promise<void> {
    const next = await nextGeneration();
    const whole = `${text.slice(0, -1)},${taggedJson({ generation: next, confirmed }).slice(1)}`;
    const sealed = seal(keyring, { kind: 'snapshot', server: place.server }, whole);
    if (sealed.length > MOST_STATE_BYTES) {
      throw new Error(`the state takes ${sealed.length} bytes, and ${MOST_STATE_BYTES} are read`);
    }
    await files.replace(place.file, [sealed]);
    generation = next;
  }

  /** Greater than any before, also where the mark is lost: what was sealed before today's mark is not to come back. */
  async function nextGeneration(): Promise<bigint> {
    const marked = (): Promise<bigint> =>
      readMark(place, keyring).then(
        (mark) => mark.generation,
        () => 0n,
      );
    const last = generation ?? (await marked());
    const byClock = BigInt(Date.now());

    return last >= byClock ? last + 1n : byClock;
  }

  function tellOf({ host, pid }: { readonly host: string; readonly pid: number }): void {
    saved = undefined;
    warn(() =>
      log.warn(
        { folder: place.folder, owner: { host, pid } },
        'another server keeps its snapshot here: give each a PALISADE_PROCESS_ID of its own. This one keeps none',
      ),
    );
  }
}
