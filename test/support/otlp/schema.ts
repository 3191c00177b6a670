import { fileURLToPath } from 'node:url';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import { readLogs, readMetrics, readSpans } from './decode.ts';
import type { LogsRequest, MetricsRequest, TraceRequest } from './messages.ts';
import type { Telemetry } from './received.ts';

/** One of the three services of OTLP. */
export interface Signal {
  /** Of `POST`, over HTTP. */
  readonly path: string;
  /** The method `Export`; both its messages stay bytes. */
  readonly method: MethodDefinition<Buffer, Buffer>;
  /** What succeeded, on the wire. */
  readonly answer: Buffer;
  /** @throws Error for bytes that are no such request. */
  decode(bytes: Buffer): Telemetry;
}

/** A failure's body over HTTP (OTLP, section "Failures"). */
export const RPC_STATUS = load('google/rpc/status.proto')[
  'google.rpc.Status'
] as unknown as MessageTypeDefinition<{ readonly code: number; readonly message: string }, unknown>;

const NOTHING: Telemetry = { spans: [], metrics: [], logs: [] };

export const SIGNALS: readonly Signal[] = [
  signal<TraceRequest>('/v1/traces', 'trace.proto', 'trace.v1.TraceService', (request) => ({
    spans: readSpans(request),
  })),
  signal<MetricsRequest>('/v1/metrics', 'metrics.proto', 'metrics.v1.MetricsService', (request) => ({
    metrics: readMetrics(request),
  })),
  signal<LogsRequest>('/v1/logs', 'logs.proto', 'logs.v1.LogsService', (request) => ({
    logs: readLogs(request),
  })),
];

interface ExportService<Request> {
  readonly Export: MethodDefinition<Request, object>;
}

function signal<Request>(
  path: string,
  file: string,
  service: string,
  read: (request: Request) => Partial<Telemetry>,
): Signal {
  const definitions = load(file);
  const { Export } = definitions[
    `opentelemetry.proto.collector.${service}`
  ] as unknown as ExportService<Request>;
  const asItIs = (bytes: Buffer) => bytes;

  return {
    path,
    // grpc-js answers a decoder that throws with a bare INTERNAL, hence bytes.
    method: {
      ...Export,
      requestSerialize: asItIs,
      requestDeserialize: asItIs,
      responseSerialize: asItIs,
      responseDeserialize: asItIs,
    },
    answer: Export.responseSerialize({}),
    decode: (bytes) => ({ ...NOTHING, ...read(Export.requestDeserialize(bytes)) }),
  };
}

function load(file: string) {
  return loadSync(file, {
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
    includeDirs: [
      fileURLToPath(new URL('proto', import.meta.url)),
      fileURLToPath(new URL('../../../proto', import.meta.url)),
    ],
  });
}
