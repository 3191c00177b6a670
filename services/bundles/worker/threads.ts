import { Worker } from 'node:worker_threads';

/** A thread for jobs, one after the other. */
export interface JobThread {
  readonly worker: Worker;
  /** Makes ready for the next job. Only where the last one ended as it should: what else became of the thread is not known. */
  giveBack(): void;
  /** Resolves once it is gone. */
  end(): Promise<void>;
}

/** MiB of JavaScript heap; wasm memory is bounded by what the limits let Cedar see. */
const MEMORY_MB = 1_024;
/** Parsing and checking recurse over nested values; the limits keep that far below this. */
const STACK_MB = 4;

/** How long a thread is kept for another job, in milliseconds. A start, most of it Cedar's, costs as much as several small bundles. */
const KEPT_MS = 10_000;
/** A job that took longer, in milliseconds, leaves much behind, and its thread goes with it. */
const SHORT_JOB_MS = 1_500;
/** Whatever a job leaves behind that nobody knows of stays bounded. */
const MAX_JOBS = 50;

interface Idle {
  readonly worker: Worker;
  readonly jobs: number;
  readonly timer: NodeJS.Timeout;
  readonly forget: () => void;
}

/** One for the whole process: more would be needed at once only where many deploy at once. */
let idle: Idle | undefined;

/**
 * Gives a thread to one job.
 * @param memoryMb of a thread for this job alone.
 */
export function takeThread(memoryMb?: number): JobThread {
  const kept = memoryMb === undefined ? takeIdle() : undefined;
  const worker = kept?.worker ?? start(memoryMb ?? MEMORY_MB);
  const jobs = (kept?.jobs ?? 0) + 1;
  const startedAt = performance.now();

  return {
    worker,
    end,

    giveBack() {
      const isLong = performance.now() - startedAt > SHORT_JOB_MS;
      if (idle !== undefined || isLong || jobs >= MAX_JOBS || memoryMb !== undefined) void end();
      else keep(worker, jobs);
    },
  };

  async function end(): Promise<void> {
    await worker.terminate();
  }
}

function takeIdle(): Idle | undefined {
  const taken = idle;
  if (taken === undefined) return undefined;
  idle = undefined;
  clearTimeout(taken.timer);
  taken.worker.off('error', taken.forget).off('exit', taken.forget);
  taken.worker.ref();

  return taken;
}

/** It keeps no process alive. */
function keep(worker: Worker, jobs: number): void {
  const forget = (): void => {
    if (idle?.worker !== worker) return;
    clearTimeout(idle.timer);
    idle = undefined;
    void worker.terminate();
  };
  idle = { worker, jobs, timer: setTimeout(forget, KEPT_MS).unref(), forget };
  worker.unref();
  worker.on('error', forget).on('exit', forget);
}

function start(memoryMb: number): Worker {
  return new Worker(new URL('./entry.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, stackSizeMb: STACK_MB },
    // A worker inherits flags of its parent, such as those of a test runner, which it has no use for.
    execArgv: [],
    stdout: true,
    stderr: true,
  });
}
