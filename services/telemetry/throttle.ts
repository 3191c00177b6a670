/** Lets something happen at most once in a while, for lines of a log that a caller or a fault could flood. */
export type Throttle = (act: (sinceLast: number) => void) => void;

/**
 * @param everyMs shortest time between two acts.
 * @returns calls `act` with how often it was asked for since it last happened, this time included; or only counts.
 */
export function createThrottle(everyMs: number): Throttle {
  let lastAt = Number.NEGATIVE_INFINITY;
  let asked = 0;

  return (act) => {
    asked += 1;
    if (performance.now() - lastAt < everyMs) return;

    act(asked);
    lastAt = performance.now();
    asked = 0;
  };
}
