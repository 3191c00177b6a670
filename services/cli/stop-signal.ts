/**
 * Settles at the first SIGTERM, SIGINT or SIGHUP. Further ones change nothing: stopping is bounded by itself, and from the
 * moment of this call on, no signal ends the process in the middle of something.
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}
