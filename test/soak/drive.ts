import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { rssOf } from './memory.ts';
import type { SoakOrder, SoakProgress } from './messages.ts';

const CLIENT = fileURLToPath(new URL('client.ts', import.meta.url));
const SAMPLE_MS = 500;
const PRINT_MS = 5_000;

export interface Drive {
  /** Resident set size of the server in MB, twice a second. */
  readonly rss: readonly number[];
  readonly decided: number;
  readonly refused: number;
  readonly errors: readonly string[];
  readonly seconds: number;
}

export interface DriveOptions {
  readonly name: string;
  /** The server's process. */
  readonly pid: number;
  readonly order: SoakOrder;
  /** Ends the drive where it takes longer, in milliseconds. */
  readonly limitMs: number;
  /** Told of the decisions so far; never called again before it has settled. */
  readonly onProgress?: (decided: number) => Promise<void>;
}

/** Has a client process make decisions, and watches the server's memory meanwhile. */
export async function drive({ name, pid, order, limitMs, onProgress }: DriveOptions): Promise<Drive> {
  const client = fork(CLIENT);
  const gone = once(client, 'exit');
  const startedAt = performance.now();
  const rss: number[] = [];
  let progress: SoakProgress = { decided: 0, refused: 0, errors: [], done: false };
  let acting: Promise<void> | undefined;
  let printedAt = startedAt;

  client.on('message', (message: SoakProgress) => {
    progress = message;
  });
  client.send(order);
  try {
    while (!progress.done && client.exitCode === null) {
      const elapsed = performance.now() - startedAt;
      if (elapsed > limitMs) break;

      rss.push(await rssOf(pid));
      acting ??= onProgress?.(progress.decided).finally(() => {
        acting = undefined;
      });
      if (performance.now() - printedAt > PRINT_MS) {
        printedAt = performance.now();
        const rate = (1_000 * progress.decided) / elapsed;
        console.log(
          `${name}: ${progress.decided} of ${order.decisions} decisions, ${rate.toFixed()}/s, RSS ${rss.at(-1)?.toFixed()} MB`,
        );
      }
      await Promise.race([new Promise((resolve) => setTimeout(resolve, SAMPLE_MS)), gone]);
    }
    await acting;
  } finally {
    client.kill();
    await gone;
  }

  const { decided, refused, errors } = progress;

  return { rss, decided, refused, errors, seconds: (performance.now() - startedAt) / 1_000 };
}
