import { readFileSync } from 'node:fs';
import { Router } from 'express';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { AdminContext } from '../../services/pdp/admin/context.ts';
import { createAdminServer } from '../../services/pdp/admin/server.ts';
import type { DecisionService } from '../../services/pdp/types.ts';
import { createRestServer } from '../../services/pdp/wire/rest/server.ts';
import { quietObserver, quietTelemetry } from '../support/observer.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
const HANDLING = {
  service: {} as DecisionService,
  onRefusal: () => undefined,
  observer: quietObserver(),
  telemetry: quietTelemetry(),
  hosts: [],
  tls: undefined,
};

const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
  paths: Record<string, { servers?: unknown } & Record<string, unknown>>;
};

afterEach(() => vi.restoreAllMocks());

describe('docs/openapi.json', () => {
  test('describes exactly the routes of administration', () => {
    const routes = routesMadeBy(() => createAdminServer({ ...HANDLING, context: {} as AdminContext }));

    expect(documented((path) => 'servers' in path)).toEqual(routes);
  });

  test('describes exactly the routes of decisions, besides itself', () => {
    const routes = routesMadeBy(() => createRestServer({ ...HANDLING, openapi: '' }));

    expect([...documented((path) => !('servers' in path)), 'get /openapi.json'].sort()).toEqual(routes);
  });
});

function documented(isOf: (path: object) => boolean): string[] {
  return Object.entries(paths)
    .filter(([, path]) => isOf(path))
    .flatMap(([name, path]) =>
      METHODS.filter((method) => method in path).map((method) => `${method} ${name}`),
    )
    .sort();
}

/** Looks at the routes as they are made: an Express application does not list them. */
function routesMadeBy(make: () => unknown): string[] {
  const spy = vi.spyOn(Router.prototype as Pick<Router, 'route'>, 'route');
  make();

  return spy.mock.results
    .flatMap(({ value }) => {
      const { path, stack } = value as { path: string; stack: readonly { method: string | undefined }[] };
      const methods = stack.flatMap(({ method }) => method ?? []);

      return methods.map((method) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    })
    .sort();
}
