import type { Trial } from '../../store/candidate-figures.ts';
import { bucketOf, type Figures, NO_FIGURES } from './figures.ts';
import type { Comparison } from './messages.ts';

/** Counts what one process sees of one candidate. */
export interface Tally {
  readonly trial: Trial;
  figures(): Figures;
  /** The candidate decided, or alone failed to. */
  served(failed: boolean): void;
  dropped(): void;
  /** @returns whether it is a flip. */
  compared(comparison: Extract<Comparison, { kind: 'compared' }>): boolean;
}

/** The first comparisons run code that the machine has not got warm with, and take longer than any later one. */
const WARM_UP = 50;

export function createTally(trial: Trial): Tally {
  const figures = { ...NO_FIGURES, active: { ...NO_FIGURES.active }, candidate: { ...NO_FIGURES.candidate } };
  let warm = 0;

  return {
    trial,
    figures: () => figures,

    served(failed) {
      figures.served += 1;
      if (failed) figures.failed += 1;
    },

    dropped() {
      figures.dropped += 1;
    },

    compared({ active, candidate }) {
      // What the active bundle cannot judge is no measure of the candidate.
      if (active.failed || active.verdict === undefined) return false;
      figures.compared += 1;
      if (candidate.failed) figures.errors += 1;
      warm += 1;
      if (warm > WARM_UP) {
        count(figures.active, active.tookMs);
        count(figures.candidate, candidate.tookMs);
      }
      if (candidate.verdict === undefined || candidate.verdict.decision === active.verdict.decision)
        return false;
      figures.flips += 1;

      return true;
    },
  };
}

function count(durations: Figures['active'], ms: number): void {
  const bucket = bucketOf(ms);
  durations[bucket] = (durations[bucket] ?? 0) + 1;
}
