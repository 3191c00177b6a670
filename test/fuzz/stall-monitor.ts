/**
 * Runs inside a server, by `--import`: reports on standard output each time that its main thread burnt more than
 * {@link STALL_MS} of CPU between two looks at its event loop, and on SIGUSR2 how much CPU it has used so far.
 *
 * CPU, not time: on a machine that others use too, a thread often waits for a core, and that is not the server's doing.
 */
import { isMainThread } from 'node:worker_threads';
import { STALL_MS } from './monitored.ts';

const LOOK_EVERY_MS = 5;

if (isMainThread) watch();

function watch(): void {
  let usedBefore = cpuMs();
  let lookedAt = Date.now();

  const ticker = setInterval(() => {
    const used = cpuMs();
    const now = Date.now();
    if (used - usedBefore > STALL_MS) report({ stall_ms: used - usedBefore, from: lookedAt, to: now });
    usedBefore = used;
    lookedAt = now;
  }, LOOK_EVERY_MS);
  ticker.unref();
  process.on('SIGUSR2', () => report({ cpu_ms: cpuMs() }));
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();

  return (user + system) / 1000;
}

function report(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
