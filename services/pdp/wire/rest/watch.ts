import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler } from 'express';
import { PdpError } from '../../../engine/error.ts';
import type { Observer } from '../../observe/observer.ts';
import type { TraceContext } from '../../types.ts';

const traces = new WeakMap<IncomingMessage, TraceContext>();

/** Methods of RFC 9110 and 5789; Node's parser knows more, and a label must not. */
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);

/** Gives each request its trace, and tells how it ended. */
export function watchHttp(observer: Pick<Observer, 'begin' | 'responded'>): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const { traceparent, tracestate } = request.headersDistinct;
    const trace = observer.begin(traceparent ?? [], tracestate);
    traces.set(request, trace);
    response.once('close', () =>
      observer.responded({
        method: methodOf(request),
        route: routeOf(request),
        status: response.statusCode,
        startedAt,
        trace,
      }),
    );
    next();
  };
}

/** The trace of a request: its own where it brought one that is well formed. */
export function traceOf(request: IncomingMessage): TraceContext {
  const trace = traces.get(request);
  if (trace === undefined) throw new PdpError('internal', 'a request without its trace');

  return trace;
}

/** A method by name, as the semantic conventions bound it. */
export function methodOf({ method = '' }: IncomingMessage): string {
  return METHODS.has(method) ? method : '_OTHER';
}

/** The route that matched, with its parameters as names; empty where none did. */
export function routeOf(request: Request): string {
  const route: unknown = request.route;
  const path = typeof route === 'object' && route !== null && 'path' in route ? route.path : undefined;

  return typeof path === 'string' ? path : '';
}
