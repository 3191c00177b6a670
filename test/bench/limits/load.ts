/** Calls at a time, where as many as possible are made. */
const CALLERS = 128;

/** Microseconds of each of so many calls, one after the other. */
export async function timed(call: () => Promise<unknown>, times: number): Promise<number[]> {
  const took: number[] = [];
  for (let count = 0; count < times; count += 1) {
    const startedAt = performance.now();
    await call();
    took.push(1_000 * (performance.now() - startedAt));
  }

  return took;
}

/** Calls in a second, from many callers at once. */
export async function load(
  ask: (key: number) => Promise<void>,
  forMs: number,
  keyOf: (turn: number) => number,
  callers = CALLERS,
): Promise<number> {
  const startedAt = performance.now();
  let turn = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() - startedAt < forMs) {
        turn += 1;
        await ask(keyOf(turn));
      }
    }),
  );

  return (1_000 * turn) / (performance.now() - startedAt);
}
