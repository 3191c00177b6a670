import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import {
  type ClientDuplexStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import type { ProtoGrpcType } from '../../../services/pdp/wire/generated/authorization.ts';
import type { ErrorInfo__Output } from '../../../services/pdp/wire/generated/google/rpc/ErrorInfo.ts';
import type { AuthorizationServiceClient } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeBatchResponse__Output } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeBatchResponse.ts';
import type { AuthorizeRequest } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import type { AuthorizeResponse__Output } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeResponse.ts';
import type { AuthorizeResult__Output } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeResult.ts';
import { CONTRACT, SERVICE_NAME } from '../../../services/pdp/wire/grpc/contract.ts';
import { createGrpcServer, type GrpcServer } from '../../../services/pdp/wire/grpc/server.ts';
import type { HttpListener } from '../../../services/pdp/wire/rest/listener.ts';
import { DECISION_PATHS, openApiDocument } from '../../../services/pdp/wire/rest/openapi.ts';
import { createRestServer } from '../../../services/pdp/wire/rest/server.ts';
import type { Refusal } from '../../../services/pdp/wire/serve.ts';
import { quietObserver } from '../../support/observer.ts';
import { type Recorder, recorder } from './recorder.ts';

/** Both transports over one recorder. */
export interface Wire {
  readonly service: Recorder;
  readonly refusals: Refusal[];
  readonly grpc: GrpcServer;
  readonly grpcPort: number;
  readonly rest: HttpListener;
  readonly restPort: number;
  readonly client: AuthorizationServiceClient;
}

export async function withWire(
  use: (wire: Wire) => Promise<void>,
  options: {
    readonly reflection?: boolean;
    readonly receiveTimeoutMs?: number;
    readonly hosts?: readonly string[];
  } = {},
): Promise<void> {
  const service = recorder();
  const refusals: Refusal[] = [];
  const shared = {
    service,
    onRefusal: (refusal: Refusal) => void refusals.push(refusal),
    observer: quietObserver(),
    receiveTimeoutMs: options.receiveTimeoutMs ?? 5_000,
  };
  const grpc = createGrpcServer({ ...shared, reflection: options.reflection ?? false });
  const rest = createRestServer({
    ...shared,
    hosts: options.hosts ?? [],
    openapi: openApiDocument(DECISION_PATHS),
  });
  const grpcPort = await grpc.listen('127.0.0.1', 0);
  const restPort = await rest.listen('127.0.0.1', 0);
  const client = grpcClient(grpcPort);
  try {
    await use({ service, refusals, grpc, grpcPort, rest, restPort, client });
  } finally {
    client.close();
    await Promise.all([grpc.shutdown(200), rest.close(200)]);
  }
}

export function grpcClient(port: number): AuthorizationServiceClient {
  const { palisade } = loadPackageDefinition(CONTRACT) as unknown as ProtoGrpcType;

  // A channel of its own: grpc-js shares them between clients otherwise.
  return new palisade.v1.AuthorizationService(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
}

export const PARC = {
  principal: { type: 'Agent', id: 'build-bot' },
  action: { type: 'Action', id: 'git_push' },
  resource: { type: 'Repo', id: 'palisade' },
};

export type Outcome<Reply> =
  | { readonly reply: Reply; readonly error?: undefined }
  | { readonly reply?: undefined; readonly error: ServiceError };

export function authorize(
  wire: Wire,
  request: AuthorizeRequest,
  metadata: Record<string, string> = {},
  deadlineMs?: number,
): Promise<Outcome<AuthorizeResponse__Output>> {
  return unary((done) =>
    wire.client.authorize(
      request,
      metadataOf(metadata),
      deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
      done,
    ),
  );
}

export function authorizeBatch(
  wire: Wire,
  requests: AuthorizeRequest[],
): Promise<Outcome<AuthorizeBatchResponse__Output>> {
  return unary((done) => wire.client.authorizeBatch({ requests }, done));
}

/** Sends bytes that no client library would make. */
export function rawCall<Reply>(
  wire: Wire,
  method: 'Authorize' | 'AuthorizeBatch',
  bytes: Buffer,
): Promise<Outcome<Reply>> {
  const response = CONTRACT[`palisade.v1.${method}Response`] as MessageTypeDefinition<unknown, Reply>;

  return unary((done) =>
    wire.client.makeUnaryRequest(
      `/${SERVICE_NAME}/${method}`,
      (raw: Buffer) => raw,
      response.deserialize,
      bytes,
      done,
    ),
  );
}

function unary<Reply>(
  send: (done: (error: ServiceError | null, reply?: Reply) => void) => unknown,
): Promise<Outcome<Reply>> {
  return new Promise((resolve) => {
    send((error, reply) => {
      if (error !== null) resolve({ error });
      else if (reply !== undefined) resolve({ reply });
    });
  });
}

export function metadataOf(entries: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.add(key, value);

  return metadata;
}

const RPC = loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto'], {
  keepCase: true,
  includeDirs: [new URL('../../../proto', import.meta.url).pathname],
});

/** The `google.rpc.ErrorInfo` that came with a failed call. */
export function errorInfo(error: ServiceError): ErrorInfo__Output {
  const status = RPC['google.rpc.Status'] as MessageTypeDefinition<unknown, { details: { value: Buffer }[] }>;
  const info = RPC['google.rpc.ErrorInfo'] as MessageTypeDefinition<unknown, ErrorInfo__Output>;
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const detail = status.deserialize(Buffer.from(bytes ?? '')).details[0];

  return info.deserialize(detail?.value ?? Buffer.alloc(0));
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface HttpCall {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
}

/** Posts JSON to /v1/authorize unless told otherwise. */
export function http(
  wire: Wire,
  { method = 'POST', path = '/v1/authorize', headers = {}, body = '' }: HttpCall,
): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port: wire.restPort,
        method,
        path,
        agent: false,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

export type Stream = ClientDuplexStream<AuthorizeRequest, AuthorizeResult__Output>;

/** What a stream ended with; its results go to `results` as they come. */
export function collect(
  stream: Stream,
  results: AuthorizeResult__Output[],
): Promise<ServiceError | undefined> {
  return new Promise((resolve) => {
    stream.on('data', (result: AuthorizeResult__Output) => results.push(result));
    stream.on('error', (error: ServiceError) => resolve(error));
    stream.on('end', () => resolve(undefined));
  });
}

/** Waits until a condition holds; the test's own timeout bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
