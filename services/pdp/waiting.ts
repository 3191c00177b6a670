import type { Snapshot } from './snapshot.ts';
import type { CallScope } from './types.ts';

/** Calls that wait for what is served to change. */
export interface Waiting {
  wake(): void;
  /** Settles at the next change, at the deadline, or when the caller is gone. */
  next(deadline: number, signal: CallScope['signal']): Promise<void>;
}

export function createWaiting(): Waiting {
  const waiting = new Set<() => void>();

  return {
    wake() {
      for (const wake of waiting) wake();
    },

    next: (deadline, signal) =>
      new Promise((resolve) => {
        let stay: (() => void) | undefined;
        const done = (): void => {
          clearTimeout(timer);
          stay?.();
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, Math.max(0, deadline - performance.now()));
        stay = signal.onAbort(done);
        waiting.add(done);
      }),
  };
}

/** Whether the state of each store is at its sequence, or past it. */
export function hasReached({ stores }: Snapshot, sequences: ReadonlyMap<string, bigint>): boolean {
  for (const [store, sequence] of sequences) {
    if ((stores.get(store)?.entities.held.sequence ?? 0n) < sequence) return false;
  }

  return true;
}
