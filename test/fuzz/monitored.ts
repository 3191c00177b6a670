import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess, ServerWorld } from '../support/server.ts';

/** What one turn of the server's event loop may cost, in milliseconds of CPU. */
export const STALL_MS = 50;

/** One turn of the event loop that cost more, between two moments in milliseconds since the epoch. */
export interface Stall {
  readonly stall_ms: number;
  readonly from: number;
  readonly to: number;
}

/** A server that watches its own main thread; see stall-monitor.ts. */
export interface MonitoredServer {
  readonly server: ServerProcess;
  /** Stalls so far, in order. */
  readonly stalls: readonly Stall[];
  /** How it ended, once it did. */
  exit(): string | undefined;
  /** CPU that its main thread has used so far, in milliseconds. */
  cpuMs(): Promise<number>;
}

const MONITOR = new URL('stall-monitor.ts', import.meta.url).href;

export async function serveMonitored(
  world: ServerWorld,
  environment: Readonly<Record<string, string>> = {},
): Promise<MonitoredServer> {
  const server = await world.serve({ NODE_OPTIONS: `--import=${MONITOR}`, ...environment });
  const stalls: Stall[] = [];
  const waiting: ((ms: number) => void)[] = [];
  let exit: string | undefined;
  server.child.once('exit', (code, signal) => {
    exit = `the server ended with ${code ?? signal}`;
  });
  if (server.child.stdout === null) throw new Error('the server has no standard output');
  createInterface({ input: server.child.stdout }).on('line', (line) => {
    if (line.startsWith('{"stall_ms"')) stalls.push(JSON.parse(line) as Stall);
    if (line.startsWith('{"cpu_ms"')) waiting.shift()?.((JSON.parse(line) as { cpu_ms: number }).cpu_ms);
  });

  return {
    server,
    stalls,
    exit: () => exit,
    cpuMs() {
      return new Promise((resolve) => {
        waiting.push(resolve);
        server.child.kill('SIGUSR2');
      });
    },
  };
}

/** Time after which a stall that is over has certainly been reported. */
export async function untilReported(): Promise<void> {
  await sleep(30);
}
