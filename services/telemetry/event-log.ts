import {
  type Attributes,
  type HrTime,
  type MeterProvider,
  type SeverityNumber,
  type SpanContext,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import {
  BatchLogRecordProcessor,
  ConsoleLogRecordExporter,
  type ReadableLogRecord,
  type ReadWriteLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { attributesOf } from './attribute-sink.ts';
import type { CallEvent, EventLog } from './events.ts';
import { logExporter } from './exporters.ts';
import { SCOPE } from './otlp/envelope.ts';
import { createEventEncoder, SEVERITIES } from './otlp/events.ts';
import { EncodedExporter } from './otlp/exporter.ts';
import { queueSettings } from './queue-settings.ts';

export interface EventLogOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly resource: Resource;
  /** Where the SDK counts what its queue dropped and its exporter could not send. */
  readonly meterProvider: MeterProvider;
  readonly warn: (message: string) => void;
}

/** An event log that ends with the process. */
export interface StartedEventLog extends EventLog {
  shutdown(): Promise<void>;
}

/**
 * Sends log events through the SDK's queue and transports. Its logger is passed by: that copies and checks each attribute, which
 * took a tenth of the decision path.
 */
export async function startEventLog(options: EventLogOptions): Promise<StartedEventLog> {
  const { environment, resource, meterProvider, warn } = options;
  const exporter = await logExporter(environment, warn);
  const settings = { exporter, selfObsMeterProvider: meterProvider };
  const processor =
    exporter instanceof ConsoleLogRecordExporter
      ? new SimpleLogRecordProcessor(settings)
      : new BatchLogRecordProcessor({ ...settings, ...queueSettings(environment, 'OTEL_BLRP') });

  const recordOf =
    exporter instanceof EncodedExporter
      ? createEventEncoder(resource)
      : (event: CallEvent) => new EventRecord(event, resource);

  return {
    emit(event) {
      // The queue looks at nothing but the resource, and knows no other type.
      processor.onEmit(recordOf(event) as unknown as ReadWriteLogRecord);
    },
    shutdown: () => processor.shutdown(),
  };
}

/** An event for the exporters that read records: what it says is made when it is sent. */
class EventRecord implements ReadableLogRecord {
  readonly resource: Resource;
  readonly instrumentationScope = SCOPE;
  readonly droppedAttributesCount = 0;
  readonly #event: CallEvent;
  #attributes: Attributes | undefined;

  constructor(event: CallEvent, resource: Resource) {
    this.#event = event;
    this.resource = resource;
  }

  get eventName(): string {
    return this.#event.name;
  }

  get hrTime(): HrTime {
    const { at } = this.#event;

    return [Math.floor(at / 1_000), (at % 1_000) * 1_000_000];
  }

  get hrTimeObserved(): HrTime {
    return this.hrTime;
  }

  get severityNumber(): SeverityNumber {
    return SEVERITIES[this.#event.severity].number;
  }

  get severityText(): string {
    return SEVERITIES[this.#event.severity].text;
  }

  get spanContext(): SpanContext {
    const { trace_id, span_id, sampled } = this.#event.trace;

    return {
      traceId: trace_id,
      spanId: span_id,
      traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    };
  }

  get attributes(): Attributes {
    this.#attributes ??= attributesOf(this.#event.describe) as Attributes;

    return this.#attributes;
  }
}
