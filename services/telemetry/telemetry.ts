import type { SpanLog } from './call-span.ts';
import type { EventLog } from './events.ts';
import { createMetrics, type MetricSnapshot, type Metrics } from './metrics.ts';
import { type Sampling, samplingOf } from './sampling.ts';

/** Signals of OpenTelemetry, by the name that their variables carry. */
export const SIGNALS = ['traces', 'logs', 'metrics'] as const;
export type Signal = (typeof SIGNALS)[number];

export interface TelemetryOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Names this process in the decision log; goes on the resource. */
  readonly processId: string;
  readonly version: string;
  /** Told what is wrong with the settings, and of what is lost on the way to the collector. */
  readonly warn: (message: string) => void;
}

/** What one process tells of itself. */
export interface Telemetry {
  readonly metrics: Metrics;
  readonly sampling: Sampling;
  /** Absent where nobody is sent spans. */
  readonly spans: SpanLog | undefined;
  /** Absent where nobody is sent log events. */
  readonly events: EventLog | undefined;
  /** The metrics, and what the exporters count of themselves. */
  collect(): Promise<readonly MetricSnapshot[]>;
  /** Sends what is left, within a bounded time. */
  shutdown(): Promise<void>;
}

/**
 * Starts telemetry from the standard `OTEL_*` variables. Without an endpoint for a signal, nothing is sent and no SDK is even
 * loaded; metrics are there for Prometheus in any case.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { environment, warn } = options;
  const metrics = createMetrics();
  const sampling = samplingOf(
    environment['OTEL_TRACES_SAMPLER'] || undefined,
    environment['OTEL_TRACES_SAMPLER_ARG'] || undefined,
    warn,
  );
  const exported =
    environment['OTEL_SDK_DISABLED'] === 'true'
      ? []
      : SIGNALS.filter((signal) => isExported(environment, signal));
  if (exported.length === 0) return withoutSdk(metrics, sampling);

  const { startSdk } = await import('./sdk.ts');
  const sdk = await startSdk({ ...options, exported, metrics });

  return {
    metrics,
    sampling,
    spans: sdk.spans,
    events: sdk.events,
    collect: async () => [...metrics.collect(), ...(await sdk.ownMetrics())],
    shutdown: sdk.shutdown,
  };
}

/** Telemetry that goes nowhere but to `/metrics`. */
export function withoutSdk(metrics: Metrics, sampling: Sampling): Telemetry {
  return {
    metrics,
    sampling,
    spans: undefined,
    events: undefined,
    collect: () => Promise.resolve(metrics.collect()),
    shutdown: () => Promise.resolve(),
  };
}

/** A signal goes out where somebody said whereto, by an endpoint or by naming an exporter. */
function isExported(environment: NodeJS.ProcessEnv, signal: Signal): boolean {
  const upper = signal.toUpperCase();
  const exporter = environment[`OTEL_${upper}_EXPORTER`]?.trim() ?? '';
  if (exporter !== '') return exporter !== 'none';

  return [`OTEL_EXPORTER_OTLP_${upper}_ENDPOINT`, 'OTEL_EXPORTER_OTLP_ENDPOINT'].some(
    (name) => (environment[name] ?? '') !== '',
  );
}
