/** The longest turns of this thread's event loop, in milliseconds. */
export interface Held {
  /** As time passed, waiting for a core included. */
  readonly longestMs: number;
  /** The most CPU that one of them took. */
  readonly longestCpuMs: number;
}

const LOOK_EVERY_MS = 1;

/** Watches this thread's event loop until it is asked what it saw. */
export function watchThread(): { end(): Held } {
  let longestMs = 0;
  let longestCpuMs = 0;
  let lookedAt = performance.now();
  let usedBefore = cpuMs();
  const look = (): void => {
    const now = performance.now();
    const used = cpuMs();
    longestMs = Math.max(longestMs, now - lookedAt - LOOK_EVERY_MS);
    longestCpuMs = Math.max(longestCpuMs, used - usedBefore);
    lookedAt = now;
    usedBefore = used;
  };
  const ticker = setInterval(look, LOOK_EVERY_MS);

  return {
    end() {
      clearInterval(ticker);
      look();

      return { longestMs, longestCpuMs };
    },
  };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();

  return (user + system) / 1_000;
}
