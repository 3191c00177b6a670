import {
  convertLegacyOtlpGrpcOptions,
  createOtlpGrpcExportDelegate,
} from '@opentelemetry/otlp-grpc-exporter-base';
import { LogsExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import { EncodedEventExporter, EVENT_SERIALIZER } from './otlp-events.ts';

const EXPORT = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';

/** Sends encoded events over gRPC, as the standard variables say where. */
export function grpcEventExporter(): EncodedEventExporter {
  const settings = convertLegacyOtlpGrpcOptions({}, 'LOGS');

  return new EncodedEventExporter(
    createOtlpGrpcExportDelegate(
      settings,
      EVENT_SERIALIZER,
      'otlp_grpc_log_exporter',
      LogsExporterMetricsHelper,
      undefined,
      'LogsExportService',
      EXPORT,
    ),
  );
}
