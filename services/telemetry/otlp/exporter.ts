import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  type IExporterMetricsHelper,
  type ISerializer,
  LogsExporterMetricsHelper,
  ProtobufLogsSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from '@opentelemetry/otlp-transformer';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { type Encoded, exportRequest } from './envelope.ts';

/** Sends what is encoded already; the SDK's queue hands it what it was given, whatever the types say. */
export class EncodedExporter<Item> extends OTLPExporterBase<Item[]> {}

/** A signal whose items are encoded: what its transports need to know. */
export interface EncodedSignal<Item> {
  /** As the standard variables name it. */
  readonly variable: 'LOGS' | 'TRACES';
  /** Of HTTP. */
  readonly path: string;
  /** Of gRPC. */
  readonly service: string;
  /** What the SDK's own exporter is called in the SDK's metrics, after the transport. */
  readonly component: string;
  readonly serializer: ISerializer<Item[], unknown>;
  readonly counts: IExporterMetricsHelper<Item[]>;
}

export const LOGS: EncodedSignal<ReadableLogRecord> = {
  variable: 'LOGS',
  path: 'v1/logs',
  service: 'opentelemetry.proto.collector.logs.v1.LogsService',
  component: 'log_exporter',
  serializer: encodedAlready(ProtobufLogsSerializer),
  counts: LogsExporterMetricsHelper,
};

export const TRACES: EncodedSignal<ReadableSpan> = {
  variable: 'TRACES',
  path: 'v1/traces',
  service: 'opentelemetry.proto.collector.trace.v1.TraceService',
  component: 'span_exporter',
  serializer: encodedAlready(ProtobufTraceSerializer),
  counts: TraceExporterMetricsHelper,
};

function encodedAlready<Item>(stock: ISerializer<Item[], unknown>): ISerializer<Item[], unknown> {
  return {
    serializeRequest: (items) => exportRequest(items as unknown as readonly Encoded[]),
    deserializeResponse: (bytes) => stock.deserializeResponse(bytes),
  };
}
