import { setPriority } from 'node:os';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { wireErrorOf } from '../../bundles/worker/wire-error.ts';
import { readKeyring } from '../../ledger/keyring.ts';
import type { Database } from '../../store/database.ts';
import { createPool } from '../../store/pool.ts';
import { newestOf, REPLAY_SETTINGS, type ReplayRange } from '../../store/replay-rows.ts';
import type { FromReplay, ReplayJob } from './messages.ts';
import { replay } from './work.ts';

/** Of this thread alone: where the cores are busy, decisions go first. */
const NICE = 10;
/** Of fewer records another thread would take more than it saves: each costs 60 µs, and its start some 600 ms of the processor. */
const WORTH_SHARING = 10_000;

if (parentPort !== null) await work(workerData as ReplayJob, parentPort);

async function work(
  { connection, keyringFile, agreed, threads, ...task }: ReplayJob,
  port: MessagePort,
): Promise<void> {
  const say = (message: FromReplay): void => port.postMessage(message);
  const pool = createPool({
    connection,
    applicationName: 'palisade-replay',
    max: 2,
    settings: REPLAY_SETTINGS,
  });
  try {
    stepBack();
    const keyring = await readKeyring(keyringFile);
    const onProgress = (progress: Extract<FromReplay, { kind: 'progress' }>['progress']): void =>
      say({ kind: 'progress', progress });
    const range = threads > 1 ? await shareOf(pool, task.range, threads) : task.range;
    if (range !== task.range) say({ kind: 'shared' });
    const report = await replay({ ...task, range }, { database: pool, keyring, agreed, onProgress });
    say({ kind: 'done', report });
  } catch (thrown) {
    say({ kind: 'failed', error: wireErrorOf(thrown) });
  } finally {
    await pool.end();
  }
}

/** The first share of a range where that is worth it; else the range itself. */
async function shareOf(database: Database, range: ReplayRange, threads: number): Promise<ReplayRange> {
  // A range that does not hold so many comes back as it is.
  const isSmall = (await newestOf(database, range, WORTH_SHARING)) === range;

  return isSmall ? range : { ...range, share: { index: 0, of: threads } };
}

/** Linux alone has priorities of threads; elsewhere this would be the whole process, decisions included. */
function stepBack(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, NICE);
  } catch {
    // Then it takes its turn as any other thread.
  }
}
