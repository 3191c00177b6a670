import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { adminRoutes, decisionRoutes, grpcMethods } from './support/routes.ts';

interface Operation {
  readonly security?: readonly object[];
}

const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace'];
const documented = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations)
    .filter(([method]) => METHODS.includes(method))
    .map(([method, { security }]) => ({ method: method.toUpperCase(), path, security })),
);
const nameOf = ({ method, path }: { readonly method: string; readonly path: string }) => `${method} ${path}`;

test('every route is documented, and every documented operation is a route', () => {
  const made = [...adminRoutes(), ...decisionRoutes()].filter(({ method }) => method !== 'ALL').map(nameOf);

  // The document does not describe itself.
  expect(made.toSorted()).toEqual([...documented.map(nameOf), 'GET /openapi.json'].toSorted());
});

test('only health is documented to need no credential at all', () => {
  const open = documented.filter(({ security }) => security?.length === 0).map(nameOf);

  expect(open).toEqual(['GET /livez', 'GET /metrics', 'GET /readyz']);
  for (const { path, security } of documented) {
    const anonymous = security?.some((scheme) => Object.keys(scheme).length === 0);

    if (path.startsWith('/v1/')) expect(security).toContainEqual({ bearer: [] });
    if (anonymous === true) expect(path).toMatch(/^\/v1\/(?:authorize|constraints|runs)/);
  }
});

test('gRPC serves decisions and health, and reflection where it is asked for', () => {
  const usual = [
    '/palisade.v1.AuthorizationService/Authorize',
    '/palisade.v1.AuthorizationService/AuthorizeBatch',
    '/palisade.v1.AuthorizationService/AuthorizeStream',
    '/palisade.v1.AuthorizationService/Constraints',
    '/palisade.v1.AuthorizationService/StartRun',
    '/palisade.v1.AuthorizationService/EndRun',
    '/palisade.v1.AuthorizationService/GetRun',
    '/palisade.v1.AuthorizationService/ReportOutcome',
    '/palisade.v1.AuthorizationService/WaitForApproval',
    '/grpc.health.v1.Health/Check',
    '/grpc.health.v1.Health/List',
    '/grpc.health.v1.Health/Watch',
  ];

  expect(grpcMethods({ reflection: false }).toSorted()).toEqual(usual.toSorted());
  expect(grpcMethods({ reflection: true }).toSorted()).toEqual(
    [
      ...usual,
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
    ].toSorted(),
  );
});
