import type { ProgressAnswer } from './answer.ts';

/** Tells on a terminal how far a long command is, in one line that is written over and over. */
export interface ProgressLine {
  show(progress: ProgressAnswer): void;
  /** Leaves nothing behind. */
  clear(): void;
}

const CLEAR = '\r\x1b[2K';

/**
 * @param stream where it is no terminal, nothing is written.
 * @param now milliseconds on a clock that never goes back.
 */
export function createProgressLine(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stderr,
  now: () => number = () => performance.now(),
): ProgressLine {
  if (stream.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  let startedAt: number | undefined;

  return {
    show(progress) {
      // Loading the candidate comes first, and says nothing about the records.
      if (progress.read > 0n) startedAt ??= now();
      stream.write(`${CLEAR}${progressText(progress, startedAt === undefined ? 0 : now() - startedAt)}`);
    },

    clear: () => void stream.write(CLEAR),
  };
}

/** @param elapsedMs since the first records were replayed. */
export function progressText({ read, total }: ProgressAnswer, elapsedMs: number): string {
  if (read === 0n) return 'loading the bundle …';
  const count = Number(read);
  const of = total === undefined ? '' : ` of ${grouped(total)}`;
  const text = `${grouped(read)}${of} records`;
  if (elapsedMs < 1_000) return text;

  const perSecond = (1_000 * count) / elapsedMs;
  const left = total === undefined ? '' : `, ${durationText((Number(total) - count) / perSecond)} left`;

  return `${text}, ${grouped(BigInt(Math.round(perSecond)))} a second${left}`;
}

/** `1,234,567`. */
export function grouped(count: bigint): string {
  return count.toString().replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

function durationText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;

  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}
