import { setTimeout as sleep } from 'node:timers/promises';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  type Resource,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import {
  type IMetricReader,
  MeterProvider,
  MetricReader,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { SpanLog } from './call-span.ts';
import { startEventLog } from './event-log.ts';
import type { EventLog } from './events.ts';
import { metricExporter } from './exporters.ts';
import type { MetricSnapshot, Metrics } from './metrics.ts';
import { metricProducer, snapshotOf } from './otlp/metrics.ts';
import { startSpanLog } from './span-log.ts';
import type { Signal, TelemetryOptions } from './telemetry.ts';
import { createThrottle } from './throttle.ts';

export interface SdkOptions extends TelemetryOptions {
  readonly exported: readonly Signal[];
  readonly metrics: Metrics;
}

export interface Sdk {
  /** Absent where nobody is sent log events. */
  readonly events: EventLog | undefined;
  /** Absent where nobody is sent spans. */
  readonly spans: SpanLog | undefined;
  /** What the SDK counts of itself: what its queues dropped and its exporters could not send. */
  ownMetrics(): Promise<readonly MetricSnapshot[]>;
  shutdown(): Promise<void>;
}

const WARN_EVERY_MS = 10_000;
/** A collector that does not answer must not hold up the end of the process. */
const SHUTDOWN_MS = 3_000;

/**
 * Starts the parts of OpenTelemetry's SDK that send signals: its queues, transports and meters. All of it is configured by the
 * standard variables.
 */
export async function startSdk({ environment, exported, metrics, ...options }: SdkOptions): Promise<Sdk> {
  logDiagnostics(options.warn);
  const resource = resourceOf(options);
  const own = new OwnMetrics();
  const readers: IMetricReader[] = [own];
  if (exported.includes('metrics')) {
    readers.push(
      new PeriodicExportingMetricReader({
        exporter: await metricExporter(environment, options.warn),
        metricProducers: [metricProducer(metrics)],
        ...interval(environment),
      }),
    );
  }
  const meterProvider = new MeterProvider({ resource, readers, sdkMetricsEnabled: true });
  const { warn } = options;
  const settings = { environment, resource, meterProvider, warn };
  const events = exported.includes('logs') ? await startEventLog(settings) : undefined;
  const spans = exported.includes('traces') ? await startSpanLog(settings) : undefined;

  return {
    events,
    spans,

    async ownMetrics() {
      const { resourceMetrics } = await own.collect();

      return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics.map(snapshotOf));
    },

    async shutdown() {
      const ended = Promise.all([events?.shutdown(), spans?.shutdown(), meterProvider.shutdown()]).catch(
        (error: unknown) => warn(`telemetry was lost: ${String(error)}`),
      );
      await Promise.race([ended, sleep(SHUTDOWN_MS, undefined, { ref: false })]);
    },
  };
}

function resourceOf({ version, processId }: Pick<TelemetryOptions, 'version' | 'processId'>): Resource {
  const own = resourceFromAttributes({
    'service.name': 'palisade',
    'service.version': version,
    'palisade.process_id': processId,
  });
  const detectors = [serviceInstanceIdDetector, hostDetector, envDetector];

  return defaultResource().merge(own).merge(detectResources({ detectors }));
}

/** A reader that is asked, instead of sending. */
class OwnMetrics extends MetricReader {
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
}

function interval(environment: NodeJS.ProcessEnv) {
  const every = Number(environment['OTEL_METRIC_EXPORT_INTERVAL'] ?? 60_000);
  const timeout = Number(environment['OTEL_METRIC_EXPORT_TIMEOUT'] ?? 30_000);
  const exportIntervalMillis = every > 0 ? every : 60_000;

  return {
    exportIntervalMillis,
    exportTimeoutMillis: Math.min(timeout > 0 ? timeout : 30_000, exportIntervalMillis),
  };
}

function logDiagnostics(warn: (message: string) => void): void {
  const throttle = createThrottle(WARN_EVERY_MS);
  const say = (message: string): void =>
    throttle((count) => warn(`telemetry: ${message}${count > 1 ? ` (${count} such messages)` : ''}`));
  const ignore = (): void => undefined;
  diag.setLogger(
    { error: say, warn: say, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
