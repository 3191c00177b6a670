import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { LIMITS, type LimitName } from '../../../engine/limits.ts';
import { CallSignal } from '../../call-signal.ts';
import { certificateBehind } from '../../tls/client-certificate.ts';
import type { ServerTls } from '../../tls/follow-files.ts';
import { nextTurn } from '../../turns.ts';
import type { Caller, CallScope, DecisionService } from '../../types.ts';
import { runCall } from '../authorize-call.ts';
import { bearerToken } from '../bearer.ts';
import { WAIT_TIMEOUT_MS } from '../deadline.ts';
import { isLoopback } from '../loopback.ts';
import { decideBatch, type Handling, serve } from '../serve.ts';
import { type AppOptions, createApp, methodNotAllowed } from './app.ts';
import { readJsonBody } from './body.ts';
import { type JsonValue, jsonText } from './json-text.ts';
import { createHttpListener, type HttpListener } from './listener.ts';
import { sendProblem } from './problem.ts';
import { approvalBody, constraintsBody, outcomeBody, responseBody, resultBody, runBody } from './reply.ts';
import {
  readBatch,
  readConstraints,
  readEndRun,
  readOutcome,
  readRequest,
  readStartRun,
  readWait,
} from './request.ts';
import { respond } from './respond.ts';
import { traceOf } from './watch.ts';

export interface RestServerOptions extends Handling, AppOptions {
  /** The text served at `/openapi.json`, or what makes it when it is first asked for. */
  readonly openapi: string | (() => Promise<string>);
  /** Absent: plain HTTP. */
  readonly tls?: ServerTls | undefined;
  /** Milliseconds for a body to arrive. @defaultValue `LIMITS.receive_ms` */
  readonly receiveTimeoutMs?: number | undefined;
}

/** One endpoint: how its body is read and decided. */
interface Endpoint<Request> {
  readonly route: string;
  /** Of its body; absent: it is a GET and has none. */
  readonly limit?: LimitName;
  /** @param id that its path names; empty where it names none. */
  readonly read: (bytes: Buffer, id: string) => Request | Promise<Request>;
  readonly decide: (request: Request, scope: CallScope) => Promise<JsonValue>;
  /** @defaultValue `LIMITS.deadline_ms` */
  readonly timeoutMs?: number;
}

const AUTHORIZE = '/v1/authorize';
const AUTHORIZE_BATCH = '/v1/authorize/batch';
const CONSTRAINTS = '/v1/constraints';
const OUTCOME = '/v1/decisions/:decision_id/outcome';
const RUNS = '/v1/runs';
const RUN = '/v1/runs/:run_id';
const RUN_END = '/v1/runs/:run_id/end';
const WAIT = '/v1/approvals/wait';

const NO_BODY = Buffer.alloc(0);

/** Makes the REST side of the decision service. */
export function createRestServer(options: RestServerOptions): HttpListener {
  const app = createApp(options, (routes) => {
    routes.route(AUTHORIZE).post(authorize(options)).all(methodNotAllowed('POST'));
    routes.route(AUTHORIZE_BATCH).post(authorizeBatch(options)).all(methodNotAllowed('POST'));
    routes.route(CONSTRAINTS).post(constraints(options)).all(methodNotAllowed('POST'));
    routes.route(RUNS).post(startRun(options)).all(methodNotAllowed('POST'));
    routes.route(RUN).get(getRun(options)).all(methodNotAllowed('GET, HEAD'));
    routes.route(RUN_END).post(endRun(options)).all(methodNotAllowed('POST'));
    routes.route(OUTCOME).post(outcome(options)).all(methodNotAllowed('POST'));
    routes.route(WAIT).post(wait(options)).all(methodNotAllowed('POST'));
    routes.route('/openapi.json').get(openapi(options.openapi)).all(methodNotAllowed('GET, HEAD'));
  });

  return createHttpListener(app, options.tls);
}

function authorize(options: RestServerOptions): RequestHandler {
  return endpoint(options, {
    route: AUTHORIZE,
    limit: 'body_bytes',
    read: readRequest,
    decide: async (call, scope) => responseBody(await options.service.authorize(call, scope)),
  });
}

function authorizeBatch(options: RestServerOptions): RequestHandler {
  return endpoint(options, {
    route: AUTHORIZE_BATCH,
    limit: 'batch_bytes',
    read: readBatch,
    decide: async (requests, scope) => {
      const outcomes = await decideBatch(options.service, requests, scope);

      return {
        results: outcomes.map(({ request_id, index, outcome }) => resultBody(request_id, index, outcome)),
      };
    },
  });
}

function constraints(options: RestServerOptions): RequestHandler {
  return endpoint(options, {
    route: CONSTRAINTS,
    limit: 'body_bytes',
    read: readConstraints,
    decide: async (call, scope) => constraintsBody(await options.service.constraints(call, scope)),
  });
}

function startRun(options: RestServerOptions): RequestHandler {
  return endpoint(options, {
    route: RUNS,
    limit: 'body_bytes',
    read: readStartRun,
    decide: async (call, scope) => runBody(await options.service.startRun(call, scope)),
  });
}

function endRun(options: RestServerOptions): RequestHandler {
  return endpoint(options, {
    route: RUN_END,
    limit: 'body_bytes',
    read: readEndRun,
    decide: async (call, scope) => runBody(await options.service.endRun(call, scope)),
  });
}

function getRun(options: RestServerOptions): RequestHandler {
  return endpoint(options, {
    route: RUN,
    read: (_bytes, runId) => runCall({ run_id: runId }),
    decide: async (call, scope) => runBody(await options.service.getRun(call, scope)),
  });
}

function outcome(options: RestServerOptions): RequestHandler {
  return endpoint(options, {
    route: OUTCOME,
    limit: 'body_bytes',
    read: readOutcome,
    decide: async (call, scope) => outcomeBody(await options.service.reportOutcome(call, scope)),
  });
}

function wait(options: RestServerOptions): RequestHandler {
  return endpoint(options, {
    route: WAIT,
    limit: 'body_bytes',
    read: readWait,
    decide: async (call, scope) => ({
      approval: approvalBody(await options.service.waitForApproval(call, scope)),
    }),
    timeoutMs: WAIT_TIMEOUT_MS,
  });
}

function openapi(given: RestServerOptions['openapi']): RequestHandler {
  const headers = { 'content-type': 'application/json' };
  let text: string | undefined = typeof given === 'string' ? given : undefined;

  return async (request, response) => {
    text ??= typeof given === 'string' ? given : await given();
    respond(request, response, 200, headers, text);
  };
}

function endpoint<Request>(
  options: RestServerOptions,
  { route, limit, read, decide, timeoutMs = LIMITS.deadline_ms }: Endpoint<Request>,
): RequestHandler {
  const body = limit && { limit, timeoutMs: options.receiveTimeoutMs };
  const scheme = options.tls === undefined ? 'http' : 'https';
  const method = body === undefined ? 'GET' : 'POST';
  const operation = { kind: 'http', method, route, scheme } as const;
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };

  return async (request, response) => {
    const trace = traceOf(request);
    try {
      const reply = await serve(options, {
        transport: 'rest',
        operation,
        trace,
        left: leftSignal(response),
        authenticate: () => callerOf(options.service, request),
        async read() {
          const bytes = body === undefined ? NO_BODY : await readJsonBody(request, response, body);
          await nextTurn();

          const [id = ''] = Object.values(request.params);

          return read(bytes, String(id));
        },
        timeoutMs: () => timeoutMs,
        decide,
      });
      respond(request, response, 200, headers, jsonText(reply));
    } catch (thrown) {
      sendProblem(request, response, thrown, trace.trace_id);
    }
  };
}

function callerOf(service: DecisionService, request: IncomingMessage): Caller {
  const token = bearerToken(request.headersDistinct['authorization'] ?? []);

  const { socket } = request;

  return service.authenticate(token, isLoopback(socket.remoteAddress), certificateBehind(socket));
}

/** Aborts when the client disconnects before its answer; after it, nobody listens any more. */
function leftSignal(response: ServerResponse): CallSignal {
  const left = new CallSignal();
  response.once('close', () => left.abort());

  return left;
}
