import type { MeterProvider } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace';
import { type PlacedSpan, placedSpans, type SpanLog } from './call-span.ts';
import { spanExporter } from './exporters.ts';
import { EncodedExporter } from './otlp/exporter.ts';
import { createSpanEncoder } from './otlp/spans.ts';
import { queueSettings } from './queue-settings.ts';
import { SpanRecord } from './span-record.ts';

export interface SpanLogOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly resource: Resource;
  /** Where the SDK counts what its queue dropped and its exporter could not send. */
  readonly meterProvider: MeterProvider;
  readonly warn: (message: string) => void;
}

/** A span log that ends with the process. */
export interface StartedSpanLog extends SpanLog {
  shutdown(): Promise<void>;
}

/**
 * Sends spans through the SDK's queue and transports. Its tracer is passed by: it wants a context that follows each callback,
 * and that alone costs the decision path a twentieth.
 */
export async function startSpanLog(options: SpanLogOptions): Promise<StartedSpanLog> {
  const { environment, resource, meterProvider, warn } = options;
  const exporter = await spanExporter(environment, warn);
  const settings = { exporter, selfObsMeterProvider: meterProvider };
  const processor =
    exporter instanceof ConsoleSpanExporter
      ? new SimpleSpanProcessor(settings)
      : new BatchSpanProcessor({ ...settings, ...queueSettings(environment, 'OTEL_BSP') });

  const recordOf =
    exporter instanceof EncodedExporter
      ? createSpanEncoder(resource)
      : (span: PlacedSpan) => new SpanRecord(span, resource);

  return {
    emit(call) {
      // The queue looks at nothing but the resource and the flags, and knows no other type.
      for (const span of placedSpans(call)) processor.onEnd(recordOf(span) as unknown as ReadableSpan);
    },
    shutdown: () => processor.shutdown(),
  };
}
