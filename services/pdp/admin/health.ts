import type { Router } from 'express';
import { methodNotAllowed } from '../wire/rest/app.ts';
import { type AdminContext, createRouter, reply } from './context.ts';

/** `/livez` says that the process runs, `/readyz` that it can decide; both open, and neither tells more than that. */
export function healthRoutes({ unready, warnings }: Pick<AdminContext, 'unready' | 'warnings'>): Router {
  const router = createRouter();

  router
    .route('/livez')
    .get((request, response) => reply(request, response, 200, { status: 'live' }))
    .all(methodNotAllowed('GET, HEAD'));

  router
    .route('/readyz')
    .get((request, response) => {
      const reasons = unready();
      reply(request, response, reasons.length === 0 ? 200 : 503, {
        status: reasons.length === 0 ? 'ready' : 'not_ready',
        reasons,
        warnings: warnings(),
      });
    })
    .all(methodNotAllowed('GET, HEAD'));

  return router;
}
