import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** Sees to it that nothing of a run is left, also where the run itself is interrupted or killed. */
export interface Reaper {
  /** Ends this `palisade serve` too, should the run not live to do so. */
  watch(pid: number): void;
  /** The run is over: stops the PostgreSQL in `<folder>/postgres` where it still runs, and removes the folder. */
  end(): Promise<void>;
}

/** Starts a process that outlives this one and cleans up after it. */
export function startReaper(folder: string): Reaper {
  const reaper = spawn(process.execPath, [path.join(import.meta.dirname, 'reaper.ts'), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const exit = once(reaper, 'exit');

  return {
    watch(pid) {
      reaper.stdin.write(`${pid}\n`);
    },

    async end() {
      reaper.stdin.end();
      await exit;
    },
  };
}
