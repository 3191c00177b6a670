import type { IncomingMessage } from 'node:http';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { certificateBehind } from '../tls/client-certificate.ts';
import type { ServerTls } from '../tls/follow-files.ts';
import type { DecisionService } from '../types.ts';
import { bearerToken } from '../wire/bearer.ts';
import { type AppOptions, createApp } from '../wire/rest/app.ts';
import { createHttpListener, type HttpListener } from '../wire/rest/listener.ts';
import { approvalRoutes } from './approvals.ts';
import { glassRoutes } from './break-glass.ts';
import { bundleRoutes } from './bundles.ts';
import { UPLOAD_MS } from './check-upload.ts';
import { type AdminContext, refuseAgents, requireCaller } from './context.ts';
import { credentialRoutes } from './credentials.ts';
import { decisionRoutes } from './decisions.ts';
import { deploymentChangeRoutes } from './deployment-changes.ts';
import { deploymentRoutes } from './deployments.ts';
import { entityRoutes } from './entities.ts';
import { evaluatorRoutes } from './evaluators.ts';

import { guard } from './guard.ts';
import { healthRoutes } from './health.ts';
import { metricsRoutes } from './metrics.ts';
import { proposalRoutes } from './proposals.ts';
import { replayRoutes } from './replay.ts';
import { type AdminRoute, routerOf } from './routes.ts';
import { runRoutes } from './runs.ts';
import { requirementRoutes } from './signature-requirements.ts';
import { signatureRoutes } from './signatures.ts';
import { traced } from './traced.ts';

export interface AdminServerOptions extends AppOptions {
  readonly context: AdminContext;
  readonly service: DecisionService;
  readonly telemetry: Pick<Telemetry, 'collect' | 'spans'>;
  readonly tls: ServerTls | undefined;
}

/** Administration and operations: everything but health needs a credential, on loopback too, and a role that the built-in bundle allows it. */
export function createAdminServer(options: AdminServerOptions): HttpListener {
  const { context, service } = options;
  const app = createApp(options, (routes) => {
    routes.use(healthRoutes(context), metricsRoutes(options.telemetry));
    routes.use(traced(options.telemetry.spans, options.tls === undefined ? 'http' : 'https'));
    // Never as a loopback call: without a credential nothing is administered.
    routes.use(
      requireCaller(
        (request) =>
          service.authenticate(
            bearerToken(authorizations(request)),
            false,
            certificateBehind(request.socket),
          ),
        (caller) => context.charge(caller),
      ),
    );
    // To these Express answers by itself.
    routes.use((request, response, next) =>
      request.method === 'OPTIONS' ? refuseAgents(request, response, next) : next(),
    );
    routes.use(routerOf(allRoutes(context), (route, request) => guard(context, route, request)));
    routes.use(refuseAgents);
  });

  return createHttpListener(app, options.tls, UPLOAD_MS);
}

/** Every administrative call, with its action. */
export function allRoutes(context: AdminContext): readonly AdminRoute[] {
  return [
    bundleRoutes,
    signatureRoutes,
    deploymentRoutes,
    deploymentChangeRoutes,
    proposalRoutes,
    requirementRoutes,
    entityRoutes,
    glassRoutes,
    credentialRoutes,
    decisionRoutes,
    runRoutes,
    replayRoutes,
    evaluatorRoutes,
    approvalRoutes,
  ].flatMap((routes) => routes(context));
}

function authorizations(request: IncomingMessage): readonly string[] {
  return request.headersDistinct['authorization'] ?? [];
}
