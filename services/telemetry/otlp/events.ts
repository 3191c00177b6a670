import { SeverityNumber } from '@opentelemetry/api';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { type ISerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { TelemetryAttributes } from './attributes.ts';
import type { CallEvent } from './events.ts';
import { ProtobufWriter, type Written } from './protobuf-writer.ts';

/** An event as OTLP's bytes, waiting to be sent. */
export interface EncodedEvent extends Written {
  readonly resource: Resource;
}

export const SEVERITIES = {
  info: { number: SeverityNumber.INFO, text: 'INFO' },
  error: { number: SeverityNumber.ERROR, text: 'ERROR' },
} as const;

/** The instrumentation scope of everything that this process tells. */
export const SCOPE = { name: 'palisade' } as const;

// Field numbers of opentelemetry/proto/logs/v1/logs.proto and common/v1/common.proto.
const REQUEST = { resourceLogs: 1 } as const;
const RESOURCE_LOGS = { resource: 1, scopeLogs: 2 } as const;
const RESOURCE = { attributes: 1 } as const;
const SCOPE_LOGS = { scope: 1, logRecords: 2 } as const;
const SCOPE_FIELDS = { name: 1 } as const;
const LOG_RECORD = {
  time: 1,
  severityNumber: 2,
  severityText: 3,
  attributes: 6,
  flags: 8,
  traceId: 9,
  spanId: 10,
  observedTime: 11,
  eventName: 12,
} as const;
const KEY_VALUE = { key: 1, value: 2 } as const;
const ANY_VALUE = { string: 1, bool: 2, int: 3, double: 4, array: 5 } as const;
const ARRAY_VALUE = { values: 1 } as const;

const SAMPLED = 0x01;

/** More than the resource and the scope take, as a rule. */
const HEAD_BYTES = 4_096;

type AttributeValue = NonNullable<TelemetryAttributes[keyof TelemetryAttributes]>;

/**
 * Writes log events as they come, so that what waits to be sent are bytes in slabs, and no objects for the collector of garbage
 * to carry about. The SDK's own way costs the decision path three times as much.
 */
export function createEventEncoder(resource: Resource): (event: CallEvent) => EncodedEvent {
  const writer = new ProtobufWriter();

  return (event) => {
    writer.drop();
    writeEvent(writer, event);

    return { resource, ...writer.take() };
  };
}

/** An exporter of encoded events; the SDK's queue hands it back what it was given, and looks at the resource alone. */
export class EncodedEventExporter
  extends OTLPExporterBase<ReadableLogRecord[]>
  implements LogRecordExporter {}

/** Puts encoded events into one `ExportLogsServiceRequest`. */
export const EVENT_SERIALIZER: ISerializer<ReadableLogRecord[], unknown> = {
  serializeRequest(records) {
    const events = records as unknown as readonly EncodedEvent[];
    const [first] = events;
    if (first === undefined) return undefined;

    const bytes = events.reduce((sum, { start, end }) => sum + end - start, HEAD_BYTES);
    const head = new ProtobufWriter(bytes);
    const resourceLogs = head.open(REQUEST.resourceLogs);
    const described = head.open(RESOURCE_LOGS.resource);
    for (const [key, value] of Object.entries(first.resource.attributes)) {
      if (isAttributeValue(value)) writeAttribute(head, RESOURCE.attributes, key, value);
    }
    head.close(described);
    const scopeLogs = head.open(RESOURCE_LOGS.scopeLogs);
    const scope = head.open(SCOPE_LOGS.scope);
    head.text(SCOPE_FIELDS.name, SCOPE.name);
    head.close(scope);
    for (const { slab, start, end } of events) head.raw(slab.subarray(start, end));
    head.close(scopeLogs);
    head.close(resourceLogs);
    const { slab, start, end } = head.take();

    return slab.subarray(start, end);
  },
  deserializeResponse: (bytes) => ProtobufLogsSerializer.deserializeResponse(bytes),
};

function writeEvent(writer: ProtobufWriter, { name, at, trace, severity, attributes }: CallEvent): void {
  const record = writer.open(SCOPE_LOGS.logRecords);
  writer.time(LOG_RECORD.time, at);
  writer.varint(LOG_RECORD.severityNumber, SEVERITIES[severity].number);
  writer.text(LOG_RECORD.severityText, SEVERITIES[severity].text);
  const told = attributes();
  for (const key in told) {
    const value = told[key as keyof TelemetryAttributes];
    if (value !== undefined) writeAttribute(writer, LOG_RECORD.attributes, key, value);
  }
  if (trace.sampled) writer.fixed32(LOG_RECORD.flags, SAMPLED);
  writer.hex(LOG_RECORD.traceId, trace.trace_id);
  writer.hex(LOG_RECORD.spanId, trace.span_id);
  writer.time(LOG_RECORD.observedTime, at);
  writer.text(LOG_RECORD.eventName, name);
  writer.close(record);
}

function writeAttribute(writer: ProtobufWriter, field: number, key: string, value: AttributeValue): void {
  const pair = writer.open(field);
  writer.text(KEY_VALUE.key, key);
  const any = writer.open(KEY_VALUE.value);
  writeValue(writer, value);
  writer.close(any);
  writer.close(pair);
}

function writeValue(writer: ProtobufWriter, value: AttributeValue): void {
  if (typeof value === 'string') writer.text(ANY_VALUE.string, value);
  else if (typeof value === 'boolean') writer.varint(ANY_VALUE.bool, value ? 1 : 0);
  else if (typeof value === 'object') writeList(writer, value);
  else if (Number.isSafeInteger(value)) writer.int64(ANY_VALUE.int, value);
  else writer.double(ANY_VALUE.double, value);
}

function writeList(writer: ProtobufWriter, members: readonly string[]): void {
  const list = writer.open(ANY_VALUE.array);
  for (const member of members) {
    const any = writer.open(ARRAY_VALUE.values);
    writer.text(ANY_VALUE.string, member);
    writer.close(any);
  }
  writer.close(list);
}

function isAttributeValue(value: unknown): value is AttributeValue {
  if (Array.isArray(value)) return value.every((member) => typeof member === 'string');

  return ['string', 'boolean', 'number'].includes(typeof value);
}
