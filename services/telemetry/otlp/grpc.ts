import {
  convertLegacyOtlpGrpcOptions,
  createOtlpGrpcExportDelegate,
} from '@opentelemetry/otlp-grpc-exporter-base';
import { EncodedExporter, type EncodedSignal } from './exporter.ts';

/** Sends what is encoded over gRPC, as the standard variables say where. */
export function grpcExporter<Item>(signal: EncodedSignal<Item>): EncodedExporter<Item> {
  const { variable, service, serializer, component, counts } = signal;
  const settings = convertLegacyOtlpGrpcOptions({}, variable);

  return new EncodedExporter(
    createOtlpGrpcExportDelegate(
      settings,
      serializer,
      `otlp_grpc_${component}`,
      counts,
      undefined,
      service,
      `/${service}/Export`,
    ),
  );
}
