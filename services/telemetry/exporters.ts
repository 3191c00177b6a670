import { ConsoleLogRecordExporter, type LogRecordExporter } from '@opentelemetry/sdk-logs';
import { ConsoleMetricExporter, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { ConsoleSpanExporter, type SpanExporter } from '@opentelemetry/sdk-trace';
import { LOGS as ENCODED_LOGS, TRACES as ENCODED_TRACES } from './otlp/exporter.ts';

type Warn = (message: string) => void;

/** The exporters of one signal that the standard variables can name. */
interface Exporters<T> {
  readonly signal: 'METRICS' | 'LOGS' | 'TRACES';
  readonly console: () => T;
  readonly otlp: Readonly<Record<string, () => Promise<T>>>;
}

const METRICS: Exporters<PushMetricExporter> = {
  signal: 'METRICS',
  console: () => new ConsoleMetricExporter(),
  otlp: {
    grpc: async () => new (await import('@opentelemetry/exporter-metrics-otlp-grpc')).OTLPMetricExporter(),
    'http/protobuf': async () =>
      new (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter(),
    'http/json': async () =>
      new (await import('@opentelemetry/exporter-metrics-otlp-http')).OTLPMetricExporter(),
  },
};
const LOGS: Exporters<LogRecordExporter> = {
  signal: 'LOGS',
  console: () => new ConsoleLogRecordExporter(),
  otlp: {
    grpc: async () => (await import('./otlp/grpc.ts')).grpcExporter(ENCODED_LOGS),
    'http/protobuf': async () => (await import('./otlp/http.ts')).httpExporter(ENCODED_LOGS),
    'http/json': async () => new (await import('@opentelemetry/exporter-logs-otlp-http')).OTLPLogExporter(),
  },
};
const TRACES: Exporters<SpanExporter> = {
  signal: 'TRACES',
  console: () => new ConsoleSpanExporter(),
  otlp: {
    grpc: async () => (await import('./otlp/grpc.ts')).grpcExporter(ENCODED_TRACES),
    'http/protobuf': async () => (await import('./otlp/http.ts')).httpExporter(ENCODED_TRACES),
    'http/json': async () =>
      new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter(),
  },
};
const DEFAULT_PROTOCOL = 'http/protobuf';

/** Makes the exporter of metrics that the standard variables name; the endpoint and its headers it reads itself. */
export function metricExporter(environment: NodeJS.ProcessEnv, warn: Warn): Promise<PushMetricExporter> {
  return exporterOf(METRICS, environment, warn);
}

/** The same for log events. */
export function logExporter(environment: NodeJS.ProcessEnv, warn: Warn): Promise<LogRecordExporter> {
  return exporterOf(LOGS, environment, warn);
}

/** The same for spans. */
export function spanExporter(environment: NodeJS.ProcessEnv, warn: Warn): Promise<SpanExporter> {
  return exporterOf(TRACES, environment, warn);
}

async function exporterOf<T>(
  exporters: Exporters<T>,
  environment: NodeJS.ProcessEnv,
  warn: Warn,
): Promise<T> {
  const { signal, otlp } = exporters;
  const name = environment[`OTEL_${signal}_EXPORTER`]?.trim() || 'otlp';
  if (name === 'console') return exporters.console();
  if (name !== 'otlp')
    warn(`OTEL_${signal}_EXPORTER is ${name}; Palisade knows otlp, console and none, and uses otlp`);

  const protocol =
    environment[`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`]?.trim() ||
    environment['OTEL_EXPORTER_OTLP_PROTOCOL']?.trim() ||
    DEFAULT_PROTOCOL;
  const make = Object.hasOwn(otlp, protocol) ? otlp[protocol] : undefined;
  if (make !== undefined) return make();

  warn(`OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}, which is none; ${DEFAULT_PROTOCOL} is used`);

  return exporterOf(exporters, { OTEL_EXPORTER_OTLP_PROTOCOL: DEFAULT_PROTOCOL }, warn);
}
