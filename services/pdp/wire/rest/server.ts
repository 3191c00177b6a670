import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { PdpError, toPdpError } from '../../../engine/error.ts';
import { LIMITS, type LimitName } from '../../../engine/limits.ts';
import type { CallScope, TraceContext } from '../../types.ts';
import { bearerToken } from '../bearer.ts';
import { isLoopback } from '../loopback.ts';
import { decideBatch, type Handling, serve } from '../serve.ts';
import { traceContext } from '../trace.ts';
import { readJsonBody } from './body.ts';
import { checkOrigin } from './guard.ts';
import { type JsonValue, jsonText } from './json-text.ts';
import { createHttpListener, type HttpListener, type TlsMaterial } from './listener.ts';
import { HttpError, sendProblem } from './problem.ts';
import { responseBody, resultBody } from './reply.ts';
import { readBatch, readRequest } from './request.ts';
import { respond } from './respond.ts';

export interface RestServerOptions extends Handling {
  /** Names that this server goes by besides loopback, lower case, without ports: the values of `Host` that it answers. */
  readonly hosts: readonly string[];
  /** The text served at `/openapi.json`. */
  readonly openapi: string;
  /** Absent: plain HTTP. */
  readonly tls?: TlsMaterial | undefined;
  /** Milliseconds for a body to arrive. @defaultValue `LIMITS.receive_ms` */
  readonly receiveTimeoutMs?: number | undefined;
}

/** One operation: how its body is read and decided. */
interface Operation<Request> {
  readonly limit: LimitName;
  readonly read: (bytes: Buffer) => Request | Promise<Request>;
  readonly decide: (request: Request, scope: CallScope) => Promise<JsonValue>;
}

/** Makes the REST side of the decision service. */
export function createRestServer(options: RestServerOptions): HttpListener {
  return createHttpListener(restApp(options), options.tls);
}

function restApp(options: RestServerOptions): Express {
  const { service } = options;
  const hosts = new Set(options.hosts);
  const app = express();
  app
    .disable('x-powered-by')
    .set('query parser', false)
    .enable('case sensitive routing')
    .enable('strict routing');
  app.use(helmet());
  app.use((request, _response, next) => {
    checkOrigin(request, hosts);
    next();
  });

  app.route('/v1/authorize').post(
    endpoint(options, {
      limit: 'body_bytes',
      read: readRequest,
      decide: async (call, scope) => responseBody(await service.authorize(call, scope)),
    }),
  );
  app.route('/v1/authorize/batch').post(
    endpoint(options, {
      limit: 'batch_bytes',
      read: readBatch,
      decide: async (requests, scope) => {
        const calls = requests.map(({ call }) => call);
        const outcomes = await decideBatch(service, calls, scope);
        return {
          results: outcomes.map((outcome, index) =>
            resultBody(requests[index]?.request_id ?? '', index, outcome),
          ),
        };
      },
    }),
  );
  app.route('/openapi.json').get((request, response) => {
    respond(request, response, 200, { 'content-type': 'application/json' }, options.openapi);
  });

  app.all(['/v1/authorize', '/v1/authorize/batch'], methodNotAllowed('POST'));
  app.all('/openapi.json', methodNotAllowed('GET, HEAD'));
  app.use(() => {
    throw new PdpError('not_found', 'there is nothing at this path');
  });
  app.use(problems(options));

  return app;
}

function endpoint<Request>(options: RestServerOptions, operation: Operation<Request>): RequestHandler {
  const { limit, read, decide } = operation;

  return async (request, response) => {
    const trace = traceOf(request);
    try {
      const reply = await serve(options, {
        transport: 'rest',
        trace,
        left: leftSignal(response),
        authenticate: () =>
          options.service.authenticate(bearerToken(authorizations(request)), isLoopbackPeer(request)),
        read: async () =>
          read(await readJsonBody(request, response, { limit, timeoutMs: options.receiveTimeoutMs })),
        timeoutMs: () => LIMITS.deadline_ms,
        decide,
      });
      respond(
        request,
        response,
        200,
        { 'content-type': 'application/json', 'cache-control': 'no-store' },
        jsonText(reply),
      );
    } catch (thrown) {
      sendProblem(request, response, thrown, trace.trace_id);
    }
  };
}

/** Answers what was refused before an operation took over. */
function problems(options: RestServerOptions): ErrorRequestHandler {
  return (thrown, request, response, _next) => {
    const trace = traceOf(request);
    options.onRefusal({ error: toPdpError(thrown), caller: undefined, transport: 'rest', trace });
    sendProblem(request, response, thrown, trace.trace_id);
  };
}

function methodNotAllowed(allow: string): RequestHandler {
  return () => {
    throw new HttpError(405, 'invalid_request', `the method must be ${allow}`, { headers: { allow } });
  };
}

function traceOf(request: IncomingMessage): TraceContext {
  return traceContext(request.headersDistinct['traceparent'] ?? []);
}

function authorizations(request: IncomingMessage): readonly string[] {
  return request.headersDistinct['authorization'] ?? [];
}

function isLoopbackPeer(request: IncomingMessage): boolean {
  return isLoopback(request.socket.remoteAddress);
}

/** Aborts when the client disconnects before its answer; after it, nobody listens any more. */
function leftSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());

  return controller.signal;
}
