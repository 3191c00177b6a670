/** Where progress is shown; a person is there only if it is a terminal. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const AFTER_MS = 1_000;
const EVERY_MS = 200;
/** Back to the start of the line, and clears it (ECMA-48, EL). */
const CLEAR = '\r\u{1b}[K';

/**
 * Shows on a terminal that something goes on which takes longer than a second: what, for how long, and how far it says that it is. The
 * line is gone when it is done. Where no person looks on, nothing is written.
 * @param run is given a function to say how far it is.
 */
export async function withProgress<T>(
  what: string,
  run: (onProgress: (state: string) => void) => Promise<T>,
  output: ProgressOutput = process.stderr,
): Promise<T> {
  if (output.isTTY !== true) return run(() => {});

  const began = performance.now();
  let state = '';
  let isShown = false;
  const show = (): void => {
    const elapsedMs = performance.now() - began;
    if (elapsedMs < AFTER_MS) return;
    isShown = true;
    output.write(`${CLEAR}${what}, ${Math.floor(elapsedMs / 1_000)} s${state === '' ? '' : `: ${state}`}`);
  };
  const timer = setInterval(show, EVERY_MS);

  try {
    return await run((now) => {
      state = now;
    });
  } finally {
    clearInterval(timer);
    if (isShown) output.write(CLEAR);
  }
}
