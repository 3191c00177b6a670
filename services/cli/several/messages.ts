import type { MetricSnapshot } from '../../telemetry/metrics.ts';

/** What a process says of itself, once it serves. */
export interface Serving {
  readonly kind: 'serving';
  readonly rest: string;
  readonly grpc: string;
}

/** What it is asked. */
export interface Question {
  readonly id: number;
  readonly what: 'state' | 'metrics';
}

/** What it answers. */
export interface Answer {
  readonly kind: 'answer';
  /** Of the question. */
  readonly id: number;
  readonly state?: State;
  readonly metrics?: readonly MetricSnapshot[];
}

/** How a process is. */
export interface State {
  /** Why it is not ready; empty: it is. */
  readonly unready: readonly string[];
  /** What is to be known of it where it decides all the same. */
  readonly warnings: readonly string[];
  /** What each store is served by, by the store's name. */
  readonly served: ReadonlyMap<string, string>;
}
