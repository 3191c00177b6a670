import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { EncodedExporter, type EncodedSignal } from './exporter.ts';

/** Sends what is encoded over HTTP, as the standard variables say where. */
export function httpExporter<Item>(signal: EncodedSignal<Item>): EncodedExporter<Item> {
  const { variable, path, serializer, component, counts } = signal;
  const settings = convertLegacyHttpOptions({}, variable, path, { 'Content-Type': 'application/x-protobuf' });

  return new EncodedExporter(
    createOtlpHttpExportDelegate(settings, serializer, `otlp_http_${component}`, counts, undefined),
  );
}
