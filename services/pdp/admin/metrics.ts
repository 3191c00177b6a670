import type { Request, Response, Router } from 'express';
import { metricsText, OPEN_METRICS, PROMETHEUS_TEXT } from '../../telemetry/open-metrics.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { methodNotAllowed } from '../wire/rest/app.ts';
import { respond } from '../wire/rest/respond.ts';
import { createRouter } from './context.ts';

/** `/metrics`, open: counts and names of stores, bundles and policies, never anything of a request. */
export function metricsRoutes(telemetry: Pick<Telemetry, 'collect'>): Router {
  const router = createRouter();
  router
    .route('/metrics')
    .get(async (request: Request, response: Response) => {
      const openMetrics = /application\/openmetrics-text/.test(request.headers.accept ?? '');
      const type = openMetrics ? OPEN_METRICS : PROMETHEUS_TEXT;
      const headers = { 'content-type': type, 'cache-control': 'no-store' };
      respond(request, response, 200, headers, metricsText(await telemetry.collect(), openMetrics));
    })
    .all(methodNotAllowed('GET, HEAD'));

  return router;
}
