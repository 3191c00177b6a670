import type { Worker } from 'node:worker_threads';
import { PdpError } from '../../engine/error.ts';
import type { CheckProgress } from '../check.ts';
import type { Job, Message } from './messages.ts';
import { takeThread } from './threads.ts';
import { pdpErrorOf } from './wire-error.ts';

export interface WorkerOptions {
  /** Milliseconds after which the worker is ended. */
  readonly deadlineMs?: number;
  /** MiB of JavaScript heap of a thread that it has alone. */
  readonly memoryMb?: number;
  readonly signal?: AbortSignal;
  /** Called some times a second while a bundle is checked. */
  readonly onProgress?: (progress: CheckProgress) => void;
}

/** Checking takes about 1 ms a policy on a slow core, so a bundle at the limits takes about two minutes. */
const DEADLINE_MS = 300_000;

/**
 * Runs one job in another thread, so that whatever a bundle does to it (a trap, no end, all its memory) ends the thread
 * and not the server. The next job has that thread only where this one came to its end.
 * @param onMessage gives the result once there is one; the worker is asked for its next message otherwise.
 * @throws PdpError what the worker refused, or `invalid_request` where it died or was too slow: the bundle is at fault.
 */
export async function runJob<T>(
  job: Job,
  onMessage: (message: Message) => T | undefined,
  options: WorkerOptions = {},
): Promise<T> {
  const { deadlineMs = DEADLINE_MS, memoryMb, signal } = options;
  signal?.throwIfAborted();
  const thread = takeThread(memoryMb);
  try {
    thread.worker.postMessage(job);
    const result = await settle(thread.worker, onMessage, deadlineMs, options);
    thread.giveBack();

    return result;
  } catch (error) {
    await thread.end();
    throw error;
  }
}

function settle<T>(
  worker: Worker,
  onMessage: (message: Message) => T | undefined,
  deadlineMs: number,
  { signal, onProgress }: WorkerOptions,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(failed(`not done after ${deadlineMs} ms`)), deadlineMs);
  const abort = (): void => reject(signal?.reason ?? failed('aborted'));
  signal?.addEventListener('abort', abort, { once: true });

  const listeners = {
    message(message: Message): void {
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
    },
    messageerror: (cause: Error): void => reject(failed('its answer could not be read', cause)),
    error: (cause: unknown): void => reject(failed('its thread died', cause)),
    exit: (code: number): void => reject(failed(`its thread ended with code ${code}`)),
  };
  for (const [name, listener] of Object.entries(listeners)) worker.on(name, listener);

  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    for (const [name, listener] of Object.entries(listeners)) worker.off(name, listener);
  });
}

function failed(reason: string, cause?: unknown): PdpError {
  return new PdpError('invalid_request', `the bundle could not be read: ${reason}`, {
    field: 'bundle',
    cause,
  });
}
