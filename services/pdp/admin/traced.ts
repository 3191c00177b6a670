import { SpanStatusCode } from '@opentelemetry/api';
import type { RequestHandler } from 'express';
import { withCallSpan } from '../../telemetry/tracing.ts';
import { methodOf, routeOf, traceOf } from '../wire/rest/watch.ts';

/** Longest path on a span, in UTF-16 units. */
const PATH_UNITS = 256;

/** Surrounds administration with a span, so that its statements show where its time goes. */
export function traced(scheme: 'http' | 'https'): RequestHandler {
  return (request, response, next) => {
    const method = methodOf(request);
    const attributes = {
      'http.request.method': method,
      'url.scheme': scheme,
      'url.path': request.path.slice(0, PATH_UNITS).toWellFormed(),
    } as const;

    withCallSpan(traceOf(request), attributes, (span) => {
      response.once('close', () => {
        const route = routeOf(request);
        if (route !== '') span.updateName(`${method} ${route}`).setAttribute('http.route', route);
        span.setAttribute('http.response.status_code', response.statusCode);
        if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      });
      next();
    });
  };
}
