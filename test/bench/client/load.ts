import { quantile } from '../statistics.ts';
import type { LoadOrder, LoadResult } from './messages.ts';

/** Asks once and says when the right answer is there, or what is wrong. */
export type Ask = (done: (problem?: string) => void) => void;

/** What a load is asked over. */
export interface Lanes {
  /** Each is asked again as soon as it is answered: a closed loop of so many. */
  readonly slots: readonly Ask[];
  /** Decisions in one answer. */
  readonly decisionsEach: number;
  close(): void;
}

/** Bounds memory; no evaluator of today comes near within the time that is measured. */
const MAX_ANSWERS = 5_000_000;
/** What the last answers may take; twice the longest deadline of a server and more. */
const SETTLE_MS = 10_000;

interface Slot {
  readonly ask: Ask;
  /** When its first answer after the warm-up came, from which it counts. */
  countsFrom?: number;
  counted: number;
  perSecond: number;
}

/**
 * Asks in every slot for the given time, and ends with the first problem. Each slot counts from one of its answers to another,
 * so that what was asked before or is answered after is in no count, however few answers there are.
 */
export function runLoad(
  { slots, decisionsEach }: Lanes,
  { warmUpMs, measureMs }: Pick<LoadOrder, 'warmUpMs' | 'measureMs'>,
): Promise<LoadResult> {
  const latencies: number[] = [];
  const from = performance.now() + warmUpMs;
  const until = from + measureMs;
  let answers = 0;
  let open = slots.length;
  let perSecond = 0;
  let over = false;

  return new Promise((resolve) => {
    const timer = setTimeout(() => finish('an answer did not come'), warmUpMs + measureMs + SETTLE_MS);
    for (const ask of slots) askIn({ ask, counted: 0, perSecond: 0 });

    function askIn(slot: Slot): void {
      const askedAt = performance.now();
      slot.ask((problem) => {
        if (over) return;
        if (problem !== undefined) return finish(problem);

        answers += 1;
        count(slot, askedAt, performance.now());
      });
    }

    function count(slot: Slot, askedAt: number, now: number): void {
      if (slot.countsFrom !== undefined) {
        slot.counted += 1;
        latencies.push(now - askedAt);
        slot.perSecond = (1_000 * slot.counted) / (now - slot.countsFrom);
      } else if (now >= from) {
        slot.countsFrom = now;
      }

      if (slot.counted === 0 || (now < until && answers < MAX_ANSWERS)) {
        askIn(slot);
        return;
      }

      perSecond += slot.perSecond;
      open -= 1;
      if (open === 0) finish(undefined);
    }

    function finish(problem: string | undefined): void {
      over = true;
      clearTimeout(timer);
      resolve({
        perSecond: perSecond * decisionsEach,
        p50: quantile(latencies, 0.5),
        p99: quantile(latencies, 0.99),
        decisions: answers * decisionsEach,
        problem,
      });
    }
  });
}
