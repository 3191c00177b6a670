import { Worker } from 'node:worker_threads';
import { PdpError } from '../../engine/error.ts';
import type { CheckProgress } from '../check.ts';
import type { Job, Message } from './messages.ts';
import { pdpErrorOf } from './wire-error.ts';

export interface WorkerOptions {
  /** Milliseconds after which the worker is ended. */
  readonly deadlineMs?: number;
  /** MiB of JavaScript heap; wasm memory is bounded by what the limits let Cedar see. */
  readonly memoryMb?: number;
  readonly signal?: AbortSignal;
  /** Called some times a second while a bundle is checked. */
  readonly onProgress?: (progress: CheckProgress) => void;
}

/** Checking takes about 1 ms a policy on a slow core, so a bundle at the limits takes about two minutes. */
const DEADLINE_MS = 300_000;
const MEMORY_MB = 1_024;
/** Parsing and checking recurse over nested values; the limits keep that far below this. */
const STACK_MB = 4;

/**
 * Runs one job in a thread of its own, so that whatever a bundle does to it (a trap, no end, all its memory) ends the thread
 * and not the server.
 * @param onMessage gives the result once there is one; the worker is asked for its next message otherwise.
 * @throws PdpError what the worker refused, or `invalid_request` where it died or was too slow: the bundle is at fault.
 */
export async function runJob<T>(
  job: Job,
  onMessage: (message: Message) => T | undefined,
  options: WorkerOptions = {},
): Promise<T> {
  const { deadlineMs = DEADLINE_MS, memoryMb = MEMORY_MB, signal } = options;
  signal?.throwIfAborted();
  const worker = new Worker(new URL('./entry.ts', import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, stackSizeMb: STACK_MB },
    // A worker inherits flags of its parent, such as those of a test runner, which it has no use for.
    execArgv: [],
    stdout: true,
    stderr: true,
  });

  try {
    return await settle(worker, onMessage, deadlineMs, options);
  } finally {
    await worker.terminate();
  }
}

function settle<T>(
  worker: Worker,
  onMessage: (message: Message) => T | undefined,
  deadlineMs: number,
  { signal, onProgress }: WorkerOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(failed(`not done after ${deadlineMs} ms`));
    }, deadlineMs);
    const abort = (): void => reject(signal?.reason ?? failed('aborted'));
    signal?.addEventListener('abort', abort, { once: true });

    worker.on('message', (message: Message) => {
      try {
        if (message.kind === 'refused') throw pdpErrorOf(message.error);
        if (message.kind === 'progress') {
          onProgress?.(message.progress);
          return;
        }
        const result = onMessage(message);
        if (result === undefined) setImmediate(() => worker.postMessage('next'));
        else resolve(result);
      } catch (error) {
        reject(error);
      }
    });
    worker.once('messageerror', (cause) => reject(failed('its answer could not be read', cause)));
    worker.once('error', (cause) => reject(failed('its thread died', cause)));
    worker.once('exit', (code) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      reject(failed(`its thread ended with code ${code}`));
    });
  });
}

function failed(reason: string, cause?: unknown): PdpError {
  return new PdpError('invalid_request', `the bundle could not be read: ${reason}`, {
    field: 'bundle',
    cause,
  });
}
