import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../pdp/config/config.ts';
import { addressText } from '../pdp/config/values.ts';
import { processIdOf } from '../pdp/process-id.ts';
import type { Log } from '../telemetry/log.ts';

/** A process that ends again and again is started again at growing intervals, in milliseconds. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** One that served for so long starts over with the first. */
const STEADY_MS = 60_000;

/**
 * Runs a server in several processes, which share the addresses for decisions: a connection goes to the next that is free to take
 * it. Everything else each has for itself, as if it ran on a machine of its own: its part of the spool, its memory of PostgreSQL, and its
 * administration, one port further for each.
 * @returns the exit code, once `stopped` has settled and every process has ended, or once the first could not even start.
 */
export async function runProcesses(config: Config, stopped: Promise<void>, log: Log): Promise<number> {
  const stopping = new AbortController();
  const { signal } = stopping;
  void stopped.then(() => stopping.abort());
  cluster.setupPrimary({ args: process.argv.slice(2) });

  // Alone, so that what stops every start is said once.
  const first = fork(config, 0);
  const firstEnd = endOf(first, signal);
  const ended = await Promise.race([once(first, 'message'), firstEnd.then(exitCode)]);
  if (typeof ended === 'number') return ended;

  const others = Array.from({ length: config.PALISADE_PROCESSES - 1 }, (_, index) => keepRunning(index + 1));
  const all = [keepRunning(0, firstEnd), ...others];
  log.info({ processes: config.PALISADE_PROCESSES }, 'palisade runs several processes');
  await stopped;
  log.info('palisade stops its processes');

  return Math.max(...(await Promise.all(all)));

  /** Starts a process again whenever it ends, until all are to stop. Gives the last exit code. */
  async function keepRunning(index: number, running?: Promise<End>): Promise<number> {
    let retryMs = FIRST_RETRY_MS;
    for (let next = running; ; next = undefined) {
      const startedAt = performance.now();
      const end = await (next ?? endOf(fork(config, index), signal));
      if (signal.aborted) return exitCode(end);

      if (performance.now() - startedAt > STEADY_MS) retryMs = FIRST_RETRY_MS;
      log.error({ process: index, ...end, retryMs }, 'a process ended by itself');
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return 0;
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    }
  }
}

/** Whether this process is one of several. */
export function isOneOfSeveral(): boolean {
  return cluster.isWorker;
}

/** Tells the process that started this one that it serves. */
export function tellServing(): void {
  if (cluster.isWorker) process.send?.('serves');
}

/** Lets go of the process that started this one, so that this one can end. */
export function letGo(): void {
  if (cluster.isWorker) process.channel?.unref();
}

function fork(config: Config, index: number): Worker {
  const { host, port } = config.PALISADE_ADMIN_ADDRESS;

  return cluster.fork({
    PALISADE_PROCESS_ID: `${processIdOf(config)}-${index}`,
    PALISADE_ADMIN_ADDRESS: addressText({ host, port: port === 0 ? 0 : port + index }),
  });
}

/** How a process ended: with a code, or by a signal. */
interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Waits for a process to end; when all are to stop, it is told to. */
async function endOf(worker: Worker, stop: AbortSignal): Promise<End> {
  const tell = (): void => void worker.process.kill('SIGTERM');
  if (stop.aborted) tell();
  stop.addEventListener('abort', tell);
  try {
    const [code, signal] = (await once(worker, 'exit')) as [number | null, NodeJS.Signals | null];

    return { code, signal };
  } finally {
    stop.removeEventListener('abort', tell);
  }
}

/** One that was told to stop before it could listen to signals has stopped. */
function exitCode({ code, signal }: End): number {
  return code ?? (signal === 'SIGTERM' ? 0 : 1);
}
