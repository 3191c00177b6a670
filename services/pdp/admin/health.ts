import { Router } from 'express';
import { type AdminContext, reply } from './context.ts';

/** `/livez` says that the process runs, `/readyz` that it can decide; both open, and neither tells more than that. */
export function healthRoutes({ unready }: Pick<AdminContext, 'unready'>): Router {
  const router = Router();

  router.get('/livez', (request, response) => reply(request, response, 200, { status: 'live' }));

  router.get('/readyz', (request, response) => {
    const reasons = unready();
    reply(request, response, reasons.length === 0 ? 200 : 503, {
      status: reasons.length === 0 ? 'ready' : 'not_ready',
      reasons,
    });
  });

  return router;
}
