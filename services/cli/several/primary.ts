import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../pdp/config/config.ts';
import { processIdOf } from '../../pdp/process-id.ts';
import { startServer } from '../../pdp/server.ts';
import type { Log } from '../../telemetry/log.ts';
import { startServerTelemetry } from '../server-telemetry.ts';
import { type Crew, createCrew } from './colleagues.ts';
import type { Serving } from './messages.ts';

/** A process that ends again and again is started again at growing intervals, in milliseconds. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** One that served for so long starts over with the first. */
const STEADY_MS = 60_000;

/**
 * Runs a server in several processes: those that make decisions share the addresses for them, and a connection goes to the next
 * that is free to take it. This one has administration for all of them, and starts those again that end.
 * @returns the exit code, once `stopped` has settled and every process has ended, or once the first could not even start.
 * @throws ConfigError and PdpError where administration cannot start.
 */
export async function runSeveral(config: Config, stopped: Promise<void>, log: Log): Promise<number> {
  const stopping = new AbortController();
  const { signal } = stopping;
  void stopped.then(() => stopping.abort());
  cluster.setupPrimary({ args: process.argv.slice(2), serialization: 'advanced' });
  const crew = createCrew(config.PALISADE_PROCESSES, signal);

  // Alone, so that what stops every start is said once.
  const first = startWorker(config, 0, crew, signal);
  const serving = await Promise.race([first.serving, first.end.then(exitCode)]);
  if (typeof serving === 'number') return serving;

  const numbers = Array.from({ length: config.PALISADE_PROCESSES - 1 }, (_, index) => index + 1);
  const all = [keepRunning(0, first.end), ...numbers.map((number) => keepRunning(number))];
  try {
    await administer(serving);
  } finally {
    stopping.abort();
  }

  return Math.max(...(await Promise.all(all)));

  async function administer({ rest, grpc }: Serving): Promise<void> {
    const telemetry = await startServerTelemetry(config, log);
    const connection = config.PALISADE_DATABASE_URL;
    const server = await startServer({
      config,
      connection,
      log,
      telemetry,
      part: 'administration',
      colleagues: crew,
    });
    const { admin } = server.addresses;
    log.info({ rest, grpc, admin, processes: config.PALISADE_PROCESSES }, 'palisade serves');

    await stopped;
    log.info('palisade stops');
    await server.stop();
    await telemetry.shutdown();
  }

  /** Starts a process again whenever it ends, until all are to stop. Gives the last exit code. */
  async function keepRunning(number: number, running?: Promise<End>): Promise<number> {
    let retryMs = FIRST_RETRY_MS;
    for (let next = running; ; next = undefined) {
      const startedAt = performance.now();
      const end = await (next ?? startWorker(config, number, crew, signal).end);
      if (signal.aborted) return exitCode(end);

      if (performance.now() - startedAt > STEADY_MS) retryMs = FIRST_RETRY_MS;
      log.error({ process: number, ...end, retryMs }, 'a process ended by itself');
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return 0;
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    }
  }
}

/** How a process ended: with a code, or by a signal. */
interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Started {
  /** Settles once the process serves; never where it does not. */
  readonly serving: Promise<Serving>;
  readonly end: Promise<End>;
}

function startWorker(config: Config, number: number, crew: Crew, stop: AbortSignal): Started {
  const worker = cluster.fork({ PALISADE_PROCESS_ID: `${processIdOf(config)}-${number}` });
  crew.join(number, worker);
  const serving = new Promise<Serving>((resolve) => {
    worker.on('message', (message: Serving) => {
      if (message.kind === 'serving') resolve(message);
    });
  });

  return { serving, end: endOf(worker, stop).finally(() => crew.leave(number)) };
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
