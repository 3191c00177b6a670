import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { agreedBundles } from '../../bundles/worker/agreed.ts';
import { pdpErrorOf } from '../../bundles/worker/wire-error.ts';
import { PdpError } from '../../engine/error.ts';
import type { DatabaseConnection } from '../../store/pool.ts';
import type { Log } from '../../telemetry/log.ts';
import { mergeReports } from './merge.ts';
import type { FromReplay, ReplayJob, ReplayProgress, ReplayTask } from './messages.ts';
import type { ReplayReport } from './report.ts';

/** Replays of this process: one at a time, in threads with database connections of their own. */
export interface Replays {
  /**
   * Holds the place for one replay while `body` runs, which may take long to find out what to replay.
   * @throws PdpError `overloaded` where somebody else has the place, `unavailable` once the server stops; what `body` throws.
   */
  alone<Result>(body: (run: RunReplay) => Promise<Result>): Promise<Result>;
  /** Ends what runs, and takes no more. */
  close(): void;
}

/**
 * Runs one replay to its end.
 * @param signal ends the threads.
 * @throws PdpError where it cannot be carried out; the signal's reason.
 */
export type RunReplay = (
  task: ReplayTask,
  onProgress: (progress: ReplayProgress) => void,
  signal: AbortSignal,
) => Promise<ReplayReport>;

export interface ReplaysOptions extends Pick<ReplayJob, 'keyringFile'> {
  readonly connection: DatabaseConnection;
  readonly log: Log;
}

/** Of each thread: three bundles of 30,000 policies fit in it, a page of the log in a tenth; the wasm that loads a bundle comes on top. */
const MEMORY_MB = 768;
/** As where bundles are loaded: reading recurses over nested values, which the limits keep far below this. */
const STACK_MB = 4;

export function createReplays({ connection, keyringFile, log }: ReplaysOptions): Replays {
  const closing = new AbortController();
  let taken = false;

  return {
    async alone(body) {
      closing.signal.throwIfAborted();
      if (taken) {
        throw new PdpError(
          'overloaded',
          'a replay is running already in this process; try again once it has ended',
        );
      }
      taken = true;
      try {
        return await body(async (task, onProgress, signal) => {
          const ending = AbortSignal.any([signal, closing.signal]);
          try {
            return await runShares(
              { ...task, connection, keyringFile, agreed: agreedBundles(), threads: THREADS },
              onProgress,
              ending,
            );
          } catch (error) {
            if (!ending.aborted) log.warn({ store: task.range.store, err: error }, 'a replay failed');
            throw error;
          }
        });
      } finally {
        taken = false;
      }
    },

    close: () => closing.abort(new PdpError('unavailable', 'the server stops')),
  };
}

/** Two threads keep two cores busy, beside a database that is elsewhere; a server has better to do than more. */
const THREADS = Math.min(2, availableParallelism());

async function runShares(
  job: ReplayJob,
  onProgress: (progress: ReplayProgress) => void,
  signal: AbortSignal,
): Promise<ReplayReport> {
  const givingUp = new AbortController();
  const either = AbortSignal.any([signal, givingUp.signal]);
  const progress: ReplayProgress[] = [];
  const start = async (share: ReplayJob, onShared: () => void): Promise<ReplayReport> => {
    const index = progress.push(NOTHING_YET) - 1;
    const onShare = (next: ReplayProgress): void => {
      progress[index] = next;
      onProgress(progress.reduce(sumOf));
    };
    try {
      return await run(share, { onProgress: onShare, onShared }, either);
    } catch (error) {
      // One share is no answer, so the others need not go on.
      givingUp.abort(error);
      throw error;
    }
  };
  const others: Promise<ReplayReport>[] = [];
  const first = start(job, () => {
    for (let index = 1; index < job.threads; index += 1) {
      const range = { ...job.range, share: { index, of: job.threads } };
      others.push(start({ ...job, range, threads: 1 }, () => undefined));
    }
    // Looked at below, once the first has ended.
    void Promise.allSettled(others);
  });
  // Whoever is told of a failure may count on it that nothing runs any more.
  await Promise.allSettled([first]);
  await Promise.allSettled(others);

  return mergeReports(await Promise.all([first, ...others]));
}

interface Hearing {
  readonly onProgress: (progress: ReplayProgress) => void;
  /** There is enough for other threads, and this one has taken the first share. */
  readonly onShared: () => void;
}

const NOTHING_YET: ReplayProgress = { read: 0, replayed: 0, total: undefined };

function sumOf(a: ReplayProgress, b: ReplayProgress): ReplayProgress {
  const total = a.total === undefined || b.total === undefined ? undefined : a.total + b.total;

  return { read: a.read + b.read, replayed: a.replayed + b.replayed, total };
}

async function run(job: ReplayJob, hearing: Hearing, signal: AbortSignal): Promise<ReplayReport> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./entry.ts', import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB, stackSizeMb: STACK_MB },
    // A worker inherits flags of its parent, such as those of a test runner, which it has no use for.
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  try {
    return await outcomeOf(worker, hearing, signal);
  } finally {
    await worker.terminate();
  }
}

function outcomeOf(
  worker: Worker,
  { onProgress, onShared }: Hearing,
  signal: AbortSignal,
): Promise<ReplayReport> {
  const { promise, resolve, reject } = Promise.withResolvers<ReplayReport>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  worker.on('message', (message: FromReplay) => {
    if (message.kind === 'shared') onShared();
    else if (message.kind === 'progress') onProgress(message.progress);
    else if (message.kind === 'done') resolve(message.report);
    else reject(pdpErrorOf(message.error));
  });
  worker.on('messageerror', (cause) => reject(failed(cause)));
  worker.on('error', (cause) => reject(failed(cause)));
  worker.once('exit', (code) => reject(failed(new Error(`its thread ended with code ${code}`))));

  return promise.finally(() => signal.removeEventListener('abort', abort));
}

function failed(cause: unknown): PdpError {
  return new PdpError('internal', 'the replay failed', { cause });
}
