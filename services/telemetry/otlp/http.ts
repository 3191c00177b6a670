import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { LogsExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import { EncodedEventExporter, EVENT_SERIALIZER } from './otlp-events.ts';

/** Sends encoded events over HTTP, as the standard variables say where. */
export function httpEventExporter(): EncodedEventExporter {
  const headers = { 'Content-Type': 'application/x-protobuf' };
  const settings = convertLegacyHttpOptions({}, 'LOGS', 'v1/logs', headers);

  return new EncodedEventExporter(
    createOtlpHttpExportDelegate(
      settings,
      EVENT_SERIALIZER,
      'otlp_http_log_exporter',
      LogsExporterMetricsHelper,
      undefined,
    ),
  );
}
