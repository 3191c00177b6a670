import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { createPool } from '../../store/pool.ts';
import type { FromMover, MoverData, ToMover } from './messages.ts';
import { createMover, type Mover } from './mover.ts';

/** How often whoever waits for a batch hears how old its oldest record is, and why Postgres does not take it. */
const STATS_EVERY_MS = 250;

if (parentPort !== null) serve(parentPort, workerData as MoverData);

function serve(port: MessagePort, { connection }: MoverData): void {
  const mover = createMover(createPool({ connection, applicationName: 'palisade drain', max: 1 }));
  let moving = new AbortController();

  port.on('message', (message: ToMover) => {
    if (message.kind === 'stop') {
      moving.abort();
      return;
    }

    moving = new AbortController();
    void answer(port, mover, message, moving.signal);
  });
}

async function answer(
  port: MessagePort,
  mover: Mover,
  { extent, from }: Extract<ToMover, { kind: 'move' }>,
  signal: AbortSignal,
): Promise<void> {
  const say = (message: FromMover): void => port.postMessage(message);
  const timer = setInterval(() => say({ kind: 'stats', stats: mover.stats() }), STATS_EVERY_MS);
  try {
    const batch = await mover.move(extent, from, signal);
    say({ kind: 'moved', stats: mover.stats(), batch });
  } catch (thrown) {
    const { message, code }: NodeJS.ErrnoException =
      thrown instanceof Error ? thrown : new Error(String(thrown));
    say({ kind: 'failed', stats: mover.stats(), message, code: typeof code === 'string' ? code : undefined });
  } finally {
    clearInterval(timer);
  }
}
