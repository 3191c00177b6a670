/**
 * The echo server: the contract on the stack that Palisade is built on, without deciding, credentials, log or telemetry. Every
 * request is read as the stack reads it and answered `allow`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import express from 'express';
import type { AuthorizationServiceDefinition } from '../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeBatchRequest__Output } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeBatchRequest.ts';
import type { AuthorizeBatchResponse } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeBatchResponse.ts';
import type { AuthorizeRequest__Output } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import type { AuthorizeResponse } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeResponse.ts';
import type { AuthorizeResult } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeResult.ts';
import { CONTRACT, SERVICE_NAME } from '../../services/pdp/wire/grpc/contract.ts';
import { readJsonBody } from '../../services/pdp/wire/rest/body.ts';

/** Where an echo server listens: `host:port`. */
export interface EchoAddresses {
  readonly grpc: string;
  readonly rest: string;
}

const HOST = '127.0.0.1';
const STREAMS_PER_CONNECTION = 100;
const BATCH_BYTES = 4 * 1024 * 1024;

/** As large as a decision is. */
const ANSWER: AuthorizeResponse = {
  decision: 'ALLOW',
  decision_id: '01a20480-76c6-7d5b-9c3e-4c2819c114a7',
  request_id: 'r000',
  request_digest: `sha256:${'5b'.repeat(32)}`,
  bundle: { name: 'bench', version: '1.0.0', digest: `sha256:${'95'.repeat(32)}` },
  state_sequence: '1',
  reason_code: 'permitted',
  enforcement: 'ENFORCED',
  trace_id: '27701c6d857b0782778a627a09c40201',
  evaluated_at: { seconds: '1795000000', nanos: 606_000_000 },
};
const REST_ANSWER = JSON.stringify({
  ...ANSWER,
  decision: 'allow',
  replayed: false,
  state_sequence: 1,
  enforcement: 'enforced',
  evaluated_at: '2026-11-22T18:24:17.606Z',
});

process.once('disconnect', () => process.exit());
const addresses: EchoAddresses = { grpc: await serveGrpc(), rest: await serveRest() };
process.send?.(addresses);

function serveGrpc(): Promise<string> {
  const contract = CONTRACT[SERVICE_NAME] as unknown as AuthorizationServiceDefinition;
  const server = new Server({
    'grpc.max_receive_message_length': BATCH_BYTES,
    'grpc.max_concurrent_streams': STREAMS_PER_CONNECTION,
  });
  server.addService(contract, {
    Authorize: (_call: unknown, callback: sendUnaryData<AuthorizeResponse>) => callback(null, ANSWER),

    AuthorizeBatch: (
      { request }: ServerUnaryCall<AuthorizeBatchRequest__Output, AuthorizeBatchResponse>,
      callback: sendUnaryData<AuthorizeBatchResponse>,
    ) => callback(null, { results: request.requests.map(resultFor) }),

    AuthorizeStream(call: ServerDuplexStream<AuthorizeRequest__Output, AuthorizeResult>) {
      call.on('data', (request: AuthorizeRequest__Output) => call.write(resultFor(request, 0)));
      call.on('end', () => call.end());
    },
  });

  return new Promise((resolve, reject) => {
    server.bindAsync(`${HOST}:0`, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(`${HOST}:${port}`) : reject(error),
    );
  });
}

function resultFor({ request_id }: AuthorizeRequest__Output, index: number): AuthorizeResult {
  return { request_id, index, response: ANSWER };
}

function serveRest(): Promise<string> {
  const app = express();
  app.disable('x-powered-by').set('query parser', false);
  app.post('/v1/authorize', async (request, response) => {
    await readJsonBody(request, response, { limit: 'body_bytes' });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(REST_ANSWER),
    });
    response.end(REST_ANSWER);
  });
  const server = createServer(app);

  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, () => resolve(`${HOST}:${(server.address() as AddressInfo).port}`));
  });
}
