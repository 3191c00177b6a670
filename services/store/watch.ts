import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { CHANGES_CHANNEL } from './changes.ts';
import { toStoreError } from './database-error.ts';
import { clientConfig, type DatabaseConnection } from './pool.ts';

export interface WatchOptions {
  readonly connection: DatabaseConnection;
  /** Milliseconds between the end of one run and the next, where nothing wakes it before. Default 500. */
  readonly pollMs?: number;
  /**
   * Reads what changed. Runs at once, then after each wake and each `pollMs`, never twice at a time; a wake during a run
   * brings another one. It must end by itself: the pool's timeouts see to that.
   */
  readonly onWake: () => Promise<void>;
  /** Told of each run that failed and each listening connection that was lost; the watch goes on. */
  readonly onFailure: (error: unknown) => void;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

const POLL_MS = 500;
const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 5_000;
const LISTEN_TIMEOUT_MS = 5_000;

/**
 * Polls for changes, and sooner when the database says that there is one. The listening connection only rings a bell:
 * it may be silent, dead or behind a proxy that swallows notifications, and the poll's timer does not care.
 * Settles when the signal is aborted and the last run has ended; never rejects.
 */
export async function watchChanges(options: WatchOptions): Promise<void> {
  const bell = new Bell();
  options.signal.addEventListener('abort', () => bell.ring(), { once: true });
  await Promise.all([poll(options, bell), listen(options, bell)]);
}

/** Remembers one ring until somebody waits for it. */
class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Settles at the next ring, or at once where it has rung since the last wait, and after `timeoutMs` at the latest. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rung = false;
  }
}

async function poll(
  { onWake, onFailure, pollMs = POLL_MS, signal }: WatchOptions,
  bell: Bell,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await onWake();
    } catch (error) {
      onFailure(error);
    }
    await bell.wait(pollMs);
  }
}

async function listen({ connection, onFailure, signal }: WatchOptions, bell: Bell): Promise<void> {
  let backoffMs = FIRST_BACKOFF_MS;
  while (!signal.aborted) {
    try {
      await listenOnce(connection, bell, signal, () => {
        backoffMs = FIRST_BACKOFF_MS;
      });
    } catch (error) {
      if (!signal.aborted) onFailure(toStoreError(error));
    }
    await pause(backoffMs, signal);
    backoffMs = Math.min(backoffMs * 2, LAST_BACKOFF_MS);
  }
}

/** Listens until the connection ends or the watch does. */
async function listenOnce(
  connection: DatabaseConnection,
  bell: Bell,
  signal: AbortSignal,
  onListening: () => void,
): Promise<void> {
  // Our own socket, since a polite goodbye would wait for the answer of a server that may hang.
  const socket = new Socket();
  const hangUp = (): void => {
    socket.destroy();
  };
  signal.addEventListener('abort', hangUp, { once: true });
  const client = new pg.Client({
    ...clientConfig(connection, 'palisade listener'),
    query_timeout: LISTEN_TIMEOUT_MS,
    stream: () => socket,
  });
  const ended = new Promise<void>((resolve, reject) => {
    client.once('end', resolve);
    client.on('error', reject);
  });
  // Unhandled it would end the process, were the connection to break before anybody waits for it.
  ended.catch(() => undefined);
  client.on('notification', () => bell.ring());
  try {
    await client.connect();
    await client.query(`listen ${CHANGES_CHANNEL}`);
    onListening();
    // What was announced while nobody listened.
    bell.ring();
    await ended;
  } finally {
    signal.removeEventListener('abort', hangUp);
    hangUp();
  }
}

/** Settles after that time, or sooner when the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
