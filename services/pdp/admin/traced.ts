import type { Request, RequestHandler } from 'express';
import type { Pool } from '../../store/database.ts';
import { notedPool } from '../../store/noted-pool.ts';
import type { SpanLog, Step } from '../../telemetry/call-span.ts';
import { methodOf, routeOf, traceOf } from '../wire/rest/watch.ts';

/** Longest path on a span, in UTF-16 units. */
const PATH_UNITS = 256;

const steps = new WeakMap<Request, Step[]>();

/** Surrounds administration with a span, so that its statements show where its time goes. */
export function traced(spans: SpanLog | undefined, scheme: 'http' | 'https'): RequestHandler {
  return (request, response, next) => {
    const trace = traceOf(request);
    if (spans !== undefined && trace.sampled) {
      const noted: Step[] = [];
      steps.set(request, noted);
      const startedAt = performance.now();
      const path = request.path.slice(0, PATH_UNITS).toWellFormed();
      response.once('close', () => {
        const method = methodOf(request);
        const route = routeOf(request);
        const { statusCode } = response;
        spans.emit({
          name: route === '' ? method : `${method} ${route}`,
          trace,
          startedAt,
          endedAt: performance.now(),
          steps: noted,
          describe(sink) {
            sink.text('http.request.method', method);
            sink.text('url.scheme', scheme);
            sink.text('url.path', path);
            if (route !== '') sink.text('http.route', route);
            sink.int('http.response.status_code', statusCode);
          },
          fault: statusCode >= 500 ? String(statusCode) : undefined,
        });
      });
    }
    next();
  };
}

/** The pool as a request is to use it: where the request is traced, its statements are noted. */
export function poolFor(request: Request, pool: Pool): Pool {
  const noted = steps.get(request);

  return noted === undefined ? pool : notedPool(pool, noted);
}
