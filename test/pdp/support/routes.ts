import { Server } from '@grpc/grpc-js';
import { Router } from 'express';
import { vi } from 'vitest';
import { createAdminServer } from '../../../services/pdp/admin/server.ts';
import { createGrpcServer } from '../../../services/pdp/wire/grpc/server.ts';
import { createRestServer } from '../../../services/pdp/wire/rest/server.ts';
import { quietObserver, quietTelemetry } from '../../support/observer.ts';

export interface Route {
  /** Upper case; `ALL` is any that has no route of its own. */
  readonly method: string;
  /** With parameters as OpenAPI writes them. */
  readonly path: string;
}

type AdminOptions = Parameters<typeof createAdminServer>[0];

// The routes are only made here, never called, so what they work on may be absent.
const NOTHING = {} as AdminOptions['context'] & AdminOptions['service'];
const OPTIONS = {
  service: NOTHING,
  onRefusal: () => undefined,
  observer: quietObserver(),
  telemetry: quietTelemetry(),
  hosts: [],
  tls: undefined,
};

/** Every route that the administration really has, whatever its documentation says. */
export function adminRoutes(): readonly Route[] {
  return routesMadeBy(() => createAdminServer({ ...OPTIONS, context: NOTHING }));
}

/** Every route of the REST decisions. */
export function decisionRoutes(): readonly Route[] {
  return routesMadeBy(() => createRestServer({ ...OPTIONS, openapi: '' }));
}

/** The path of every gRPC method. */
export function grpcMethods({ reflection }: { readonly reflection: boolean }): readonly string[] {
  const adding = vi.spyOn(Server.prototype, 'addService');
  try {
    createGrpcServer({ ...OPTIONS, reflection });

    return adding.mock.calls.flatMap(([definition]) => Object.values(definition).map(({ path }) => path));
  } finally {
    adding.mockRestore();
  }
}

interface ExpressRoute {
  readonly path: string;
  readonly methods: Readonly<Record<string, boolean>>;
}

function routesMadeBy(make: () => unknown): readonly Route[] {
  const making = vi.spyOn(Router.prototype as { route: (path: string) => ExpressRoute }, 'route');
  try {
    make();

    return making.mock.results
      .map(({ value }) => value as ExpressRoute)
      .flatMap(({ path, methods }) =>
        Object.keys(methods).map((method) => ({
          method: method.replace('_', '').toUpperCase(),
          path: path.replace(/:(\w+)/g, '{$1}'),
        })),
      );
  } finally {
    making.mockRestore();
  }
}
