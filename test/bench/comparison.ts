import type { LoadResult } from './client/messages.ts';
import type { Figure } from './figure.ts';
import { median } from './statistics.ts';

/** A round in which what is measured and its baseline were asked in turn. */
export interface Round {
  readonly measured: LoadResult;
  readonly baseline: LoadResult;
}

/** The medians over the rounds; the ratio is taken within each. */
export function comparisonFigure(name: string, rounds: readonly Round[], rssMb: number): Figure {
  return {
    name,
    unit: 'ms',
    p50: median(rounds.map(({ measured }) => measured.p50)),
    p99: median(rounds.map(({ measured }) => measured.p99)),
    per_second: median(rounds.map(({ measured }) => measured.perSecond)),
    baseline_per_second: median(rounds.map(({ baseline }) => baseline.perSecond)),
    ratio: median(rounds.map(({ measured, baseline }) => measured.perSecond / baseline.perSecond)),
    rss_mb: rssMb,
  };
}
