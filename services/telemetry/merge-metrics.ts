import type { MetricDefinition } from './metric-definition.ts';
import { METRICS } from './metric-names.ts';
import type { Exemplar, HistogramValue, MetricSnapshot } from './metrics.ts';

type Series = MetricSnapshot['series'][number];
type Gather = (values: readonly number[]) => number;

const GATHER = {
  sum: (values) => values.reduce((total, value) => total + value, 0),
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
} as const satisfies Record<string, Gather>;

/**
 * Adds up the metrics of several processes that are one server: counters and histograms are sums; of a gauge, its definition
 * says what stands for all of them. Series that only some processes have stay.
 */
export function mergeMetrics(processes: readonly (readonly MetricSnapshot[])[]): MetricSnapshot[] {
  const byName = Map.groupBy(processes.flat(), ({ name }) => name);

  return [...byName.values()].flatMap((snapshots) => {
    const [first] = snapshots;
    if (first === undefined) return [];
    const bySeries = Map.groupBy(
      snapshots.flatMap(({ series }) => series),
      ({ labels }) => JSON.stringify(labels),
    );

    return [{ ...first, series: [...bySeries.values()].map((series) => mergeSeries(first, series)) }];
  });
}

function mergeSeries(metric: MetricSnapshot, series: readonly Series[]): Series {
  const numbers = series.flatMap(({ value }) => (typeof value === 'number' ? [value] : []));
  const histograms = series.flatMap(({ value }) => (typeof value === 'number' ? [] : [value]));
  const labels = series[0]?.labels ?? {};
  const [first] = histograms;

  return first === undefined
    ? { labels, value: gatherOf(metric)(numbers) }
    : { labels, value: histograms.slice(1).reduce(addHistograms, first) };
}

/** What the SDK counts of itself are sizes of queues. */
function gatherOf({ name, kind }: MetricSnapshot): Gather {
  if (kind === 'counter') return GATHER.sum;
  const known: Readonly<Record<string, MetricDefinition | undefined>> = METRICS;

  return GATHER[known[name]?.together ?? 'sum'];
}

/** All processes count by the same bounds. */
function addHistograms(one: HistogramValue, other: HistogramValue): HistogramValue {
  return {
    bounds: one.bounds,
    counts: one.counts.map((count, index) => count + (other.counts[index] ?? 0)),
    exemplars: one.counts.map((_, index) => latest(one.exemplars[index], other.exemplars[index])),
    sum: one.sum + other.sum,
    count: one.count + other.count,
  };
}

function latest(one: Exemplar | undefined, other: Exemplar | undefined): Exemplar | undefined {
  if (one === undefined || other === undefined) return one ?? other;

  return one.at < other.at ? other : one;
}
