import type { IncomingMessage } from 'node:http';
import express, { type ErrorRequestHandler, type Express } from 'express';
import helmet from 'helmet';
import { PdpError } from '../../engine/error.ts';
import type { DecisionService } from '../types.ts';
import { bearerToken } from '../wire/bearer.ts';
import { checkOrigin } from '../wire/rest/guard.ts';
import { createHttpListener, type HttpListener, type TlsMaterial } from '../wire/rest/listener.ts';
import { sendProblem } from '../wire/rest/problem.ts';
import { traceContext } from '../wire/trace.ts';
import { bundleRoutes } from './bundles.ts';
import { BundleRefused } from './check-upload.ts';
import { type AdminContext, requireAdmin } from './context.ts';
import { credentialRoutes } from './credentials.ts';
import { decisionRoutes } from './decisions.ts';
import { deploymentRoutes } from './deployments.ts';
import { healthRoutes } from './health.ts';

export interface AdminServerOptions {
  readonly context: AdminContext;
  readonly service: DecisionService;
  /** Names besides loopback that `Host` may carry, lower case, without ports. */
  readonly hosts: readonly string[];
  readonly tls: TlsMaterial | undefined;
}

/** Administration and operations: everything but health needs an admin credential, on loopback too. */
export function createAdminServer(options: AdminServerOptions): HttpListener {
  return createHttpListener(adminApp(options), options.tls);
}

function adminApp({ context, service, hosts }: AdminServerOptions): Express {
  const names = new Set(hosts);
  const app = express();
  app
    .disable('x-powered-by')
    .set('query parser', false)
    .enable('case sensitive routing')
    .enable('strict routing');
  app.use(helmet());
  app.use((request, _response, next) => {
    checkOrigin(request, names);
    next();
  });

  app.use(healthRoutes(context));
  // Never as a loopback call: without a credential nothing is administered.
  app.use(requireAdmin((request) => service.authenticate(bearerToken(authorizations(request)), false)));
  app.use(
    bundleRoutes(context),
    deploymentRoutes(context),
    credentialRoutes(context),
    decisionRoutes(context),
  );
  app.use(() => {
    throw new PdpError('not_found', 'there is nothing at this path, or not by this method');
  });
  app.use(problems);

  return app;
}

const problems: ErrorRequestHandler = (thrown, request, response, _next) => {
  const { trace_id } = traceContext(request.headersDistinct['traceparent'] ?? []);
  const extra =
    thrown instanceof BundleRefused ? { problems: thrown.report.problems, report: thrown.text } : {};
  sendProblem(request, response, thrown, trace_id, extra);
};

function authorizations(request: IncomingMessage): readonly string[] {
  return request.headersDistinct['authorization'] ?? [];
}
