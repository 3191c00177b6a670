import { setPriority } from 'node:os';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { wireErrorOf } from '../../bundles/worker/wire-error.ts';
import { readKeyring } from '../../ledger/keyring.ts';
import { createPool } from '../../store/pool.ts';
import { REPLAY_SETTINGS } from '../../store/replay-rows.ts';
import type { FromReplay, ReplayJob } from './messages.ts';
import { replay } from './work.ts';

/** Of this thread alone: where the cores are busy, decisions go first. */
const NICE = 10;

if (parentPort !== null) await work(workerData as ReplayJob, parentPort);

async function work(
  { connection, keyringFile, agreed, ...task }: ReplayJob,
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
    say({ kind: 'done', report: await replay(task, { database: pool, keyring, agreed, onProgress }) });
  } catch (thrown) {
    say({ kind: 'failed', error: wireErrorOf(thrown) });
  } finally {
    await pool.end();
  }
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
