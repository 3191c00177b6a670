import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { EXPORT_BYTES, ExportRefusal, type ExportRefusalCode, type Intake } from './intake.ts';
import { RPC_STATUS, SIGNALS } from './schema.ts';

/** Runs `body` with OTLP/HTTP on a free port of loopback; then cuts off whoever is connected. */
export async function withHttpServer<T>(intake: Intake, body: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    void answer(request, response, intake);
  });
  try {
    return await body(await listen(server));
  } finally {
    const closed = new Promise<unknown>((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

const PROTOBUF = 'application/x-protobuf';

const HTTP_STATUS: Readonly<Record<ExportRefusalCode, number>> = {
  [status.INVALID_ARGUMENT]: 400,
  [status.RESOURCE_EXHAUSTED]: 413,
  [status.UNAVAILABLE]: 503,
};

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return (server.address() as AddressInfo).port;
}

async function answer(request: IncomingMessage, response: ServerResponse, intake: Intake): Promise<void> {
  const signal = SIGNALS.find(({ path }) => path === request.url);
  if (signal === undefined) return fail(response, 404, status.NOT_FOUND, 'no such path');
  if (request.method !== 'POST') return fail(response, 405, status.UNIMPLEMENTED, 'only POST');
  if (request.headers['content-type'] !== PROTOBUF) {
    return fail(response, 415, status.INVALID_ARGUMENT, `only ${PROTOBUF}`);
  }

  try {
    const bytes = await intake.receive(signal, await readBody(request));
    response.writeHead(200, { 'content-type': PROTOBUF }).end(bytes);
  } catch (error) {
    if (!(error instanceof ExportRefusal)) return fail(response, 500, status.INTERNAL, String(error));
    fail(response, HTTP_STATUS[error.code], error.code, error.message);
  }
}

function fail(response: ServerResponse, httpStatus: number, code: status, message: string): void {
  // What is left of a body that nobody reads must not be taken for the next request.
  response
    .writeHead(httpStatus, { 'content-type': PROTOBUF, connection: 'close' })
    .end(RPC_STATUS.serialize({ code, message }));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const bytes = await collect(request);
  if (encoding === 'identity') return bytes;
  if (encoding !== 'gzip')
    throw new ExportRefusal(status.INVALID_ARGUMENT, `the encoding ${encoding} is unknown`);

  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: EXPORT_BYTES });
  } catch (cause) {
    if (Object(cause).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new ExportRefusal(status.INVALID_ARGUMENT, 'the body is no gzip', { cause });
  }
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Read to its end, or the answer would cross with what the client still sends.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= EXPORT_BYTES) chunks.push(chunk);
  }
  if (length > EXPORT_BYTES) throw tooLarge();

  return Buffer.concat(chunks);
}

function tooLarge(): ExportRefusal {
  return new ExportRefusal(status.RESOURCE_EXHAUSTED, `an export has at most ${EXPORT_BYTES} bytes`);
}
