import { ConsoleMetricExporter, type PushMetricExporter } from '@opentelemetry/sdk-metrics';

const PROTOCOLS: Readonly<Record<string, () => Promise<PushMetricExporter>>> = {
  grpc: async () => new (await import('@opentelemetry/exporter-metrics-otlp-grpc')).OTLPMetricExporter(),
  'http/protobuf': async () =>
    new (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter(),
  'http/json': async () =>
    new (await import('@opentelemetry/exporter-metrics-otlp-http')).OTLPMetricExporter(),
};
const DEFAULT_PROTOCOL = 'http/protobuf';

/**
 * Makes the exporter that the standard variables name; the endpoint and its headers it reads itself. The SDK makes those of
 * spans and logs, but would not let its own exporter of metrics send ours.
 */
export async function metricExporter(
  environment: NodeJS.ProcessEnv,
  warn: (message: string) => void,
): Promise<PushMetricExporter> {
  const name = environment['OTEL_METRICS_EXPORTER'] || 'otlp';
  if (name === 'console') return new ConsoleMetricExporter();
  if (name !== 'otlp')
    warn(`OTEL_METRICS_EXPORTER is ${name}; Palisade knows otlp, console and none, and uses otlp`);

  const protocol =
    environment['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL'] ||
    environment['OTEL_EXPORTER_OTLP_PROTOCOL'] ||
    DEFAULT_PROTOCOL;
  const make = Object.hasOwn(PROTOCOLS, protocol) ? PROTOCOLS[protocol] : undefined;
  if (make !== undefined) return make();

  warn(`OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}, which is none; ${DEFAULT_PROTOCOL} is used`);

  return metricExporter({ OTEL_EXPORTER_OTLP_PROTOCOL: DEFAULT_PROTOCOL }, warn);
}
