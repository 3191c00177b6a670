import { Worker } from 'node:worker_threads';
import type { DatabaseConnection } from '../../store/pool.ts';
import type { DeliveryStats } from '../delivery.ts';
import type { SegmentExtent } from '../spool/segment.ts';
import type { FromMover, MoverData, ToMover } from './messages.ts';
import type { MovedBatch, Mover } from './mover.ts';

/** MiB. A batch is about 512 KiB of the spool, or one line that is longer, and stands there a few times while it is moved. */
const OLD_MEMORY_MB = 192;
const YOUNG_MEMORY_MB = 16;

/** For the insert that is under way to end, which takes no longer than a statement may. */
const STOP_MS = 15_000;

const NOTHING_YET: DeliveryStats = { delivered: 0, refused: 0, damaged: 0, oldestMs: null, problem: null };

/**
 * Moves on a thread of its own, with a connection of its own: reading records back and putting them into rows takes a tenth of
 * what a decision takes, and nobody waits for it. The thread starts with the first batch; if it dies, the batch fails and the
 * next one starts another. A batch that comes again is in Postgres once all the same.
 */
export function createMoverThread(connection: DatabaseConnection): Mover {
  let worker: Worker | undefined;
  let ended = NOTHING_YET;
  let latest = NOTHING_YET;

  return {
    async move(extent, from, signal) {
      signal.throwIfAborted();
      worker ??= start();
      const asked = worker;
      let late: NodeJS.Timeout | undefined;
      const stop = (): void => {
        say(asked, { kind: 'stop' });
        late = setTimeout(() => void asked.terminate(), STOP_MS);
      };
      signal.addEventListener('abort', stop, { once: true });
      try {
        return await ask(asked, extent, from, (stats) => {
          latest = stats;
        });
      } finally {
        clearTimeout(late);
        signal.removeEventListener('abort', stop);
      }
    },

    stats: () => total(ended, latest),

    async close() {
      await worker?.terminate();
    },
  };

  function start(): Worker {
    const data: MoverData = { connection };
    const started = new Worker(new URL('./entry.ts', import.meta.url), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: OLD_MEMORY_MB, maxYoungGenerationSizeMb: YOUNG_MEMORY_MB },
      // A worker inherits flags of its parent, such as those of a test runner, which it has no use for.
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    // It may also die between two batches, and that must not be an unhandled event, which would end the process.
    started.on('error', () => undefined);
    started.once('exit', () => {
      ended = total(ended, { ...latest, oldestMs: null, problem: null });
      latest = NOTHING_YET;
      if (worker === started) worker = undefined;
    });

    return started;
  }
}

function ask(
  worker: Worker,
  extent: SegmentExtent,
  from: number,
  onStats: (stats: DeliveryStats) => void,
): Promise<MovedBatch> {
  const { promise, resolve, reject } = Promise.withResolvers<MovedBatch>();
  const onExit = (code: number): void =>
    reject(new Error(`the thread that moves records ended with code ${code}`));
  const onMessage = (message: FromMover): void => {
    onStats(message.stats);
    if (message.kind === 'moved') resolve(message.batch);
    if (message.kind === 'failed')
      reject(
        Object.assign(new Error(message.message), message.code === undefined ? {} : { code: message.code }),
      );
  };
  worker.on('message', onMessage);
  worker.on('error', reject);
  worker.on('messageerror', reject);
  worker.on('exit', onExit);
  const { segment, path, bytes } = extent;
  say(worker, { kind: 'move', extent: { segment, path, bytes }, from });

  return promise.finally(() => {
    worker.off('message', onMessage).off('error', reject).off('messageerror', reject).off('exit', onExit);
  });
}

function say(worker: Worker, message: ToMover): void {
  worker.postMessage(message);
}

function total(before: DeliveryStats, now: DeliveryStats): DeliveryStats {
  return {
    ...now,
    delivered: before.delivered + now.delivered,
    refused: before.refused + now.refused,
    damaged: before.damaged + now.damaged,
  };
}
