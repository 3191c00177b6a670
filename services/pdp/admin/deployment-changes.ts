import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Requested } from '../../store/request-change.ts';
import { applyChange } from './apply-change.ts';
import { digestOf } from './bundles.ts';
import { type AdminContext, reply, storeOf } from './context.ts';
import {
  ACTIVATION,
  type AskedChange,
  askedChange,
  CANARY_BODY,
  MONITOR_BODY,
  PROMOTE_BODY,
  ROLLBACK_BODY,
  SHADOW_BODY,
} from './deployment-bodies.ts';
import { deploymentJson, proposalJson } from './deployment-json.ts';
import { readInput } from './input.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

/** Everything that changes what a store runs: each a new sequence, or a proposal where it takes two persons. */
export function deploymentChangeRoutes(context: AdminContext): readonly AdminRoute[] {
  const routes = createAdminRoutes();

  routes.put(
    '/v1/stores/:store/deployment',
    'deploy',
    changing(ACTIVATION, (body) => askedChange('activate', { ...body, digest: digestOf(body.digest) })),
  );
  routes.post(
    '/v1/stores/:store/deployment/canary',
    'deploy',
    changing(CANARY_BODY, (body) => askedChange('canary', body)),
  );
  routes.post(
    '/v1/stores/:store/deployment/shadow',
    'deploy',
    changing(SHADOW_BODY, (body) => askedChange('shadow', body)),
  );
  routes.post(
    '/v1/stores/:store/deployment/monitor',
    'deploy',
    changing(MONITOR_BODY, (body) => askedChange('monitor', body)),
  );
  routes.post(
    '/v1/stores/:store/deployment/promote',
    'deploy',
    changing(PROMOTE_BODY, (body) => askedChange('promote', body)),
  );
  routes.post(
    '/v1/stores/:store/deployment/rollback',
    'deploy',
    changing(ROLLBACK_BODY, (body) => askedChange('rollback', body)),
  );

  return routes.all;

  function changing<Body>(schema: z.ZodType<Body>, asked: (body: Body) => AskedChange) {
    return async (request: Request, response: Response): Promise<void> => {
      const store = storeOf(request);
      const change = asked(await readInput(request, response, schema));
      replyRequested(request, response, await applyChange(context, request, store, change));
    };
  }
}

/** 200 with the deployment, or 202 with the proposal that waits for somebody else. */
function replyRequested(request: Request, response: Response, requested: Requested): void {
  if ('deployment' in requested) reply(request, response, 200, deploymentJson(requested.deployment));
  else reply(request, response, 202, { proposal: proposalJson(requested.proposal) });
}
