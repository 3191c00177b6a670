import type { Demo } from './demo.ts';
import { createNarrator } from './narrator.ts';
import { play } from './play.ts';
import type { Stage } from './stage.ts';
import { Unexpected } from './wanted.ts';

/** Where a demo is played. */
export interface Theatre {
  /** Runs `body` with a stage that may still be opening. Whoever opened it leaves nothing of it behind. */
  withStage<T>(body: (opening: Promise<Stage>) => Promise<T>): Promise<T>;
  print(line: string): void;
  /** Settles where somebody interrupts; absent: nobody does. */
  readonly stopped?: Promise<unknown>;
}

/** What a shell calls a command that was interrupted: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/** Plays a demo to its end. @returns the exit code: 0 where all went as told, 1 where something did not. */
export async function run(demo: Demo, { withStage, print, stopped }: Theatre): Promise<number> {
  const begun = performance.now();
  const interrupted = stopped?.then(() => INTERRUPTED);
  try {
    const code = await withStage((opening) => {
      const played = opening.then((stage) => play(demo, stage, createNarrator(print))).then(() => 0);

      return interrupted === undefined ? played : Promise.race([played, interrupted]);
    });
    if (code === 0) print(`\nAll as told, in ${((performance.now() - begun) / 1_000).toFixed(1)} s.`);

    return code;
  } catch (thrown) {
    print(
      thrown instanceof Unexpected ? `\nNot as told: ${thrown.message}.` : `\nBroken off: ${inFull(thrown)}`,
    );

    return 1;
  }
}

function inFull(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
