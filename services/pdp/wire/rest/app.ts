import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { PdpError, toPdpError } from '../../../engine/error.ts';
import type { Handling } from '../serve.ts';
import { checkOrigin } from './guard.ts';
import { HttpError, sendProblem } from './problem.ts';
import { traceOf, watchHttp } from './watch.ts';

export interface AppOptions extends Pick<Handling, 'onRefusal' | 'observer'> {
  /** Names that this server goes by besides loopback, without ports: the values of `Host` that it answers. */
  readonly hosts: readonly string[];
}

/**
 * Makes an Express application that refuses foreign hosts and origins before any route, and answers every refusal with a
 * problem. It parses no body: see `readJsonBody`.
 * @param addRoutes adds the routes; what none of them takes is `not_found`.
 */
export function createApp(options: AppOptions, addRoutes: (app: Express) => void): Express {
  const hosts = new Set(options.hosts.map((host) => host.toLowerCase()));
  const app = express();
  app.disable('x-powered-by').set('query parser', false);
  app.enable('case sensitive routing').enable('strict routing');
  app.use(watchHttp(options.observer));
  app.use(helmet());
  app.use((request, _response, next) => {
    checkOrigin(request, hosts);
    next();
  });
  addRoutes(app);
  app.use(() => {
    throw new PdpError('not_found', 'there is nothing at this path');
  });
  app.use(problems(options));

  return app;
}

/** Answers 405 for a path whose routes stand before it. */
export function methodNotAllowed(allow: string): RequestHandler {
  return () => {
    throw new HttpError(405, 'invalid_request', `the method must be ${allow}`, { headers: { allow } });
  };
}

const MISSPELT = new PdpError('invalid_request', 'the path is not UTF-8 in percent-encoding', {
  field: 'path',
});

function problems({ onRefusal }: AppOptions): ErrorRequestHandler {
  return (caught, request, response, _next) => {
    // Express decodes the parameters of a path, and throws this.
    const thrown = caught instanceof URIError ? MISSPELT : caught;
    const trace = traceOf(request);
    onRefusal({ error: toPdpError(thrown), caller: undefined, transport: 'rest', trace });
    sendProblem(request, response, thrown, trace.trace_id);
  };
}
