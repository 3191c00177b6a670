import type { Request, Response, Router } from 'express';
import { PdpError } from '../../engine/error.ts';
import { type AdminAction, isAdminAction } from './actions.ts';
import { createRouter } from './context.ts';

export type AdminMethod = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The parameters of a path, each a text. */
type ParametersOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { readonly [name in Name]: string } & ParametersOf<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? { readonly [name in Name]: string }
    : unknown;

type Handler<Path extends string> = (
  request: Request & { readonly params: ParametersOf<Path> },
  response: Response,
) => Promise<void> | void;

/** An administrative call: where it is, and what it does, which is what decides who may. */
export interface AdminRoute {
  readonly method: AdminMethod;
  readonly path: string;
  readonly action: AdminAction;
  readonly handler: (request: Request, response: Response) => Promise<void> | void;
}

type Add = <Path extends string>(path: Path, action: AdminAction, handler: Handler<Path>) => void;

/** Collects administrative calls; none is without its action. */
export interface AdminRoutes extends Readonly<Record<AdminMethod, Add>> {
  readonly all: readonly AdminRoute[];
}

export function createAdminRoutes(): AdminRoutes {
  const all: AdminRoute[] = [];
  const adding =
    (method: AdminMethod): Add =>
    (path, action, handler) => {
      // The types say so too, and may be gone by then.
      if (!isAdminAction(action)) {
        throw new PdpError('internal', `${method} ${path} has no administrative action: ${String(action)}`);
      }
      all.push({ method, path, action, handler: handler as AdminRoute['handler'] });
    };

  return {
    all,
    get: adding('get'),
    post: adding('post'),
    put: adding('put'),
    patch: adding('patch'),
    delete: adding('delete'),
  };
}

/** Makes the calls reachable; a handler runs once `decide` has let its call through, and not where that throws. */
export function routerOf(
  routes: readonly AdminRoute[],
  decide: (route: AdminRoute, request: Request) => Promise<void>,
): Router {
  const router = createRouter();
  for (const route of routes) {
    router[route.method](route.path, async (request, response) => {
      await decide(route, request);
      await route.handler(request, response);
    });
  }

  return router;
}
