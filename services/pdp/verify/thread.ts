import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { neighbourhood } from '../entities/neighbourhood.ts';
import type { StoreEntities } from '../entities/store-entities.ts';
import type { Failed, FromThread, Judgement, ToThread, VerificationCase } from './messages.ts';

/** A thread in which recorded decisions are judged, started when it is first needed. */
export interface JudgeThread<Case, Judged> {
  /** Judges one case, with what its store held; one at a time. Never rejects: a thread that dies or hangs has failed, and another one takes its place. */
  judge(one: Case, entities: StoreEntities): Promise<Judged | Failed>;
  close(): Promise<void>;
}

export type VerificationThread = JudgeThread<VerificationCase, Judgement>;

export interface ThreadOptions {
  /** What runs in it: a module that calls `serveCases`. */
  readonly entry: URL;
  /** Fetches the archive of a bundle by its digest. */
  readonly archiveOf: (digest: string) => Promise<Uint8Array>;
  /** Milliseconds after which a case is given up, its bundle's loading included. */
  readonly deadlineMs?: number;
  /** Milliseconds between the starts of two threads. */
  readonly pauseMs?: number;
  /** MiB of JavaScript heap; wasm memory is bounded by what the limits let Cedar see. */
  readonly memoryMb?: number;
}

/** Loading a bundle of 100,000 policies took 22 s beside other work, and a judgement takes milliseconds. */
const DEADLINE_MS = 120_000;
const PAUSE_MS = 10_000;
/** Two bundles of 30,000 policies each fit in half of it, and one of 100,000; the heap of the thread that serves comes on top. */
const MEMORY_MB = 512;
/** As where bundles are loaded: reading recurses over nested values, which the limits keep far below this. */
const STACK_MB = 4;

/** The one in which Cedar judges again. */
export function createVerificationThread(options: Omit<ThreadOptions, 'entry'>): VerificationThread {
  return createJudgeThread({ entry: new URL('./entry.ts', import.meta.url), ...options });
}

export function createJudgeThread<Case, Judged>(options: ThreadOptions): JudgeThread<Case, Judged> {
  const { entry, archiveOf, deadlineMs = DEADLINE_MS, pauseMs = PAUSE_MS, memoryMb = MEMORY_MB } = options;
  const closing = new AbortController();
  let worker: Worker | undefined;
  let startedAt = Number.NEGATIVE_INFINITY;

  return {
    async judge(one, entities) {
      try {
        worker ??= await start();

        return await ask<Case, Judged>(worker, one, { entities, archiveOf, deadlineMs });
      } catch (error) {
        await worker?.terminate();
        worker = undefined;

        return { kind: 'failed', problem: error instanceof Error ? error.message : String(error) };
      }
    },

    async close() {
      closing.abort();
      await worker?.terminate();
    },
  };

  async function start(): Promise<Worker> {
    const waitMs = startedAt + pauseMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: closing.signal });
    closing.signal.throwIfAborted();
    startedAt = performance.now();

    return startWorker();
  }

  function startWorker(): Worker {
    const started = new Worker(entry, {
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, stackSizeMb: STACK_MB },
      // A worker inherits flags of its parent, such as those of a test runner, which it has no use for.
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    // It may also die between two cases, and that must not be an unhandled event, which would end the process.
    started.on('error', () => undefined);
    started.once('exit', () => {
      if (worker === started) worker = undefined;
    });

    return started;
  }
}

function ask<Case, Judged>(
  worker: Worker,
  one: Case,
  {
    entities,
    archiveOf,
    deadlineMs,
  }: Required<Pick<ThreadOptions, 'archiveOf' | 'deadlineMs'>> & {
    readonly entities: StoreEntities;
  },
): Promise<Judged | Failed> {
  const { promise, resolve, reject } = Promise.withResolvers<Judged | Failed>();
  const send = (message: ToThread<Case>): void => worker.postMessage(message);
  const timer = setTimeout(() => reject(new Error(`not judged after ${deadlineMs} ms`)), deadlineMs);
  const onExit = (code: number): void => reject(new Error(`its thread ended with code ${code}`));
  const onMessage = (message: FromThread<Judged>): void => {
    if (message.kind === 'judged') resolve(message.judgement);
    else if (message.kind === 'missed')
      send({ kind: 'entities', entities: neighbourhood(entities, message.keys) });
    else
      archiveOf(message.digest).then(
        (archive) => send({ kind: 'archive', archive }),
        () => send({ kind: 'archive', archive: undefined }),
      );
  };
  worker.on('message', onMessage);
  worker.on('error', reject);
  worker.on('messageerror', reject);
  worker.on('exit', onExit);
  send({ kind: 'case', case: one });

  return promise.finally(() => {
    clearTimeout(timer);
    worker.off('message', onMessage).off('error', reject).off('messageerror', reject).off('exit', onExit);
  });
}
