/** Work that is done again and again. */
export interface Repeating {
  /** Whether it has been told to stop: what takes long ends early then. */
  isStopping(): boolean;
  /** Begins it no more, and waits for what has begun. */
  stop(): Promise<void>;
}

/**
 * Does something every so often, one time after the other: where it lasts longer than that, times are left out. Keeps no process alive.
 * @param everyMs between two beginnings, and before the first.
 * @param once must not reject.
 */
export function repeat(everyMs: number, once: () => Promise<void>): Repeating {
  let isStopping = false;
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= once().finally(() => {
      running = undefined;
    });
  }, everyMs).unref();

  return {
    isStopping: () => isStopping,

    async stop() {
      isStopping = true;
      clearInterval(timer);
      await running;
    },
  };
}
