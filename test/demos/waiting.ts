import { setTimeout as sleep } from 'node:timers/promises';
import { Unexpected } from './wanted.ts';

/** Far more than it takes: a busy machine is no other answer. */
const DEADLINE_MS = 60_000;
const PAUSE_MS = 20;

/** Looks again and again until something is there. @throws Unexpected where it does not come within a minute. */
export async function eventually<Found>(
  what: string,
  look: () => Promise<Found | undefined>,
): Promise<Found> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Unexpected(`it does not come that ${what}`);
    await sleep(PAUSE_MS);
  }
}
