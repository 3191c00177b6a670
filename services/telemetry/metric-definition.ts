import type { AttributeName } from './attributes.ts';

/** One metric: what it counts, in which unit (UCUM), and which attributes tell its series apart. */
export type MetricDefinition = Described & (CounterOrHistogram | Gauge);

interface Described {
  readonly unit: string;
  /** None that a caller can choose freely. */
  readonly labels: readonly AttributeName[];
  readonly standard?: true;
  readonly brief: string;
}

/** A `counter` only grows; a `histogram` counts durations by size. */
interface CounterOrHistogram {
  readonly kind: 'counter' | 'histogram';
  readonly together?: never;
}

/** A value of now. */
interface Gauge {
  readonly kind: 'gauge';
  /** What stands for several processes that are one server. */
  readonly together: 'sum' | 'max' | 'min';
}
