import { once } from 'node:events';

/** Waits until whoever watches has read what was written, so that one who does not read holds no more than that; or until the watch ends. */
export async function drained(answer: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  await once(answer, 'drain', { signal }).catch(() => undefined);
}
