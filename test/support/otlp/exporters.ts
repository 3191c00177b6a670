import { OTLPLogExporter as GrpcLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as HttpLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as GrpcMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as HttpMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

/** The SDK's own exporters, one for each signal. */
export interface Exporters {
  readonly spans: SpanExporter;
  readonly metrics: PushMetricExporter;
  readonly logs: LogRecordExporter;
}

/** Where something takes OTLP. */
export interface OtlpUrls {
  readonly grpcUrl: string;
  readonly httpUrl: string;
}

// Of one export, with all its attempts; less than the pause before a second one.
const TIMEOUT_MS = 500;

export function overGrpc(
  { grpcUrl: url }: OtlpUrls,
  compression: CompressionAlgorithm = CompressionAlgorithm.NONE,
): Exporters {
  const config = { url, compression, timeoutMillis: TIMEOUT_MS };

  return {
    spans: new GrpcTraceExporter(config),
    metrics: new GrpcMetricExporter(config),
    logs: new GrpcLogExporter(config),
  };
}

export function overHttp(
  { httpUrl }: OtlpUrls,
  compression: CompressionAlgorithm = CompressionAlgorithm.NONE,
): Exporters {
  const config = { compression, timeoutMillis: TIMEOUT_MS };

  return {
    spans: new HttpTraceExporter({ ...config, url: `${httpUrl}/v1/traces` }),
    metrics: new HttpMetricExporter({ ...config, url: `${httpUrl}/v1/metrics` }),
    logs: new HttpLogExporter({ ...config, url: `${httpUrl}/v1/logs` }),
  };
}

/** Exports one span and gives what went wrong. */
export function send(exporter: SpanExporter, name: string): Promise<Error | undefined> {
  return new Promise((resolve) => exporter.export([spanCalled(name)], ({ error }) => resolve(error)));
}

function spanCalled(name: string): ReadableSpan {
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
  provider.getTracer('scope').startSpan(name).end();
  const [span] = memory.getFinishedSpans();
  if (span === undefined) throw new Error('the SDK made no span');

  return span;
}
