import type { MetricDefinition } from './metric-definition.ts';
import { type LabelsOf, METRICS, type MetricName } from './metric-names.ts';

type NameOf<Kind extends MetricDefinition['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

/** The request that a measured value came from, where its trace is kept. */
export interface Exemplar {
  readonly trace_id: string;
  readonly span_id: string;
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Counts of values by size. */
export interface HistogramValue {
  readonly bounds: readonly number[];
  /** One more than bounds: the last is of values above all. Not cumulative. */
  readonly counts: readonly number[];
  readonly exemplars: readonly (Exemplar | undefined)[];
  readonly sum: number;
  readonly count: number;
}

/** All series of one metric at one time. */
export interface MetricSnapshot {
  readonly name: string;
  readonly kind: MetricDefinition['kind'];
  readonly unit: string;
  readonly brief: string;
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number | HistogramValue;
  }[];
}

/** Where a value of a histogram comes from; absent where its trace is not kept. */
export type ExemplarSource = Pick<Exemplar, 'trace_id' | 'span_id'> | undefined;

/** A value of one series. */
export interface Observation<Name extends MetricName> {
  readonly value: number;
  readonly labels: LabelsOf<Name>;
}

/** The instruments of one process: counted by hand, because the decision path is counted in microseconds. */
export interface Metrics {
  add<Name extends NameOf<'counter'>>(name: Name, amount: number, labels: LabelsOf<Name>): void;
  /** @param seconds as measured. */
  record<Name extends NameOf<'histogram'>>(
    name: Name,
    seconds: number,
    labels: LabelsOf<Name>,
    source: ExemplarSource,
  ): void;
  /** Registers what reads a value that somebody else keeps, whenever metrics are collected. */
  observe<Name extends NameOf<'counter' | 'gauge'>>(
    name: Name,
    read: () => Iterable<Observation<Name>>,
  ): void;
  collect(): MetricSnapshot[];
}

/** Values of labels past this many series of one metric are counted together under `_other`. */
export const MAX_SERIES = 500;
const OTHER = '_other';

/** Seconds: from 5 µs, what an evaluation may take, to the longest deadline. */
const BOUNDS: readonly number[] = [
  0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025,
  0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

interface Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  readonly exemplars: (Exemplar | undefined)[];
  sum: number;
  count: number;
}

interface Observed {
  readonly value: number;
  readonly labels: readonly string[];
}

interface Series<Value> {
  readonly labels: Readonly<Record<string, string>>;
  value: Value;
}

export function createMetrics(): Metrics {
  const counters = new Map<MetricName, Map<string, Series<number>>>();
  const histograms = new Map<MetricName, Map<string, Series<Histogram>>>();
  const observed = new Map<MetricName, () => Iterable<Observed>>();

  return {
    add(name, amount, labels) {
      seriesOf(counters, name, labels, () => 0).value += amount;
    },

    record(name, seconds, labels, source) {
      const { value } = seriesOf(histograms, name, labels, emptyHistogram);
      const index = bucketOf(seconds);
      value.counts[index] = (value.counts[index] ?? 0) + 1;
      value.count += 1;
      value.sum += seconds;
      if (source === undefined) return;
      const { trace_id, span_id } = source;
      value.exemplars[index] = { trace_id, span_id, value: seconds, at: Date.now() };
    },

    observe(name, read) {
      observed.set(name, read);
    },

    collect() {
      const names = Object.keys(METRICS) as MetricName[];

      return names.map((name) => {
        const { kind, unit, brief } = METRICS[name];
        const kept = [...(counters.get(name)?.values() ?? []), ...(histograms.get(name)?.values() ?? [])];
        const read = observed.get(name);
        const series = read === undefined ? kept : readSeries(name, read);

        return { name, kind, unit, brief, series: series.length === 0 ? untouched(name) : series };
      });
    },
  };
}

function seriesOf<Value>(
  all: Map<MetricName, Map<string, Series<Value>>>,
  name: MetricName,
  labels: readonly string[],
  first: () => Value,
): Series<Value> {
  const series = all.get(name) ?? new Map<string, Series<Value>>();
  if (series.size === 0) all.set(name, series);

  const key = labels.join('\u0000');
  const known = series.get(key);
  if (known !== undefined) return known;

  const values = series.size < MAX_SERIES ? labels : labels.map(() => OTHER);
  const otherKey = values.join('\u0000');
  const added = series.get(otherKey) ?? { labels: labelled(name, values), value: first() };
  series.set(otherKey, added);

  return added;
}

/** What never happened is 0 and not absent, or an alert on its rate would miss the first time; unless labels tell series apart. */
function untouched(name: MetricName): Series<number>[] {
  const { kind, labels } = METRICS[name];

  return kind === 'counter' && labels.length === 0 ? [{ labels: {}, value: 0 }] : [];
}

function readSeries(
  name: MetricName,
  read: () => Iterable<Observed>,
): { labels: Readonly<Record<string, string>>; value: number }[] {
  return [...read()]
    .slice(0, MAX_SERIES)
    .map(({ value, labels }) => ({ value, labels: labelled(name, labels) }));
}

function labelled(name: MetricName, values: readonly string[]): Readonly<Record<string, string>> {
  const labels: readonly string[] = METRICS[name].labels;

  const pairs = labels.map((label, index) => [label, values[index] ?? ''] as const);

  return Object.fromEntries(pairs.filter(([, value]) => value !== ''));
}

function emptyHistogram(): Histogram {
  return {
    bounds: BOUNDS,
    counts: new Array<number>(BOUNDS.length + 1).fill(0),
    exemplars: new Array<undefined>(BOUNDS.length + 1).fill(undefined),
    sum: 0,
    count: 0,
  };
}

/** The first bucket whose upper bound holds the value, as OpenMetrics counts: bounds belong to their bucket. */
function bucketOf(seconds: number): number {
  let index = 0;
  while (index < BOUNDS.length && seconds > (BOUNDS[index] ?? 0)) index += 1;

  return index;
}
