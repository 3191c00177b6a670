import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startReaper } from '../support/start-reaper.ts';

const START_MS = 60_000;

/** Seconds until `palisade start` decides in an empty folder, and in the same one again; its own PostgreSQL included. */
export async function embeddedReadySeconds(): Promise<readonly [number, number]> {
  const home = await mkdtemp(join(tmpdir(), 'palisade-start-'));
  const reaper = startReaper(home);
  try {
    return [await startOnce(home, reaper.watch), await startOnce(home, reaper.watch)];
  } finally {
    await reaper.end();
  }
}

async function startOnce(home: string, watch: (pid: number) => void): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['services/cli/palisade.js', 'start'], {
    env: {
      PATH: process.env['PATH'],
      PALISADE_HOME: home,
      PALISADE_REST_ADDRESS: '127.0.0.1:0',
      PALISADE_GRPC_ADDRESS: '127.0.0.1:0',
      PALISADE_ADMIN_ADDRESS: '127.0.0.1:0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.pid !== undefined) watch(child.pid);
  const gone = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'Palisade decides.') return (performance.now() - startedAt) / 1_000;
    }
    throw new Error('palisade start ended before it decided');
  } finally {
    clearTimeout(timer);
    child.kill('SIGTERM');
    await gone;
  }
}
