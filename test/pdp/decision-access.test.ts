import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { grpcRuns, restRuns } from '../support/run-client.ts';
import type { ServerProcess } from '../support/server.ts';
import { useWorld } from '../support/use-world.ts';
import { type Access, prepareAccess } from './support/credentials.ts';
import { ask, GRPC_METHODS, withGrpc } from './support/grpc.ts';
import { type HttpAnswer, send } from './support/http.ts';
import { decisionRoutes } from './support/routes.ts';

/** `closed` is a second server that takes no call without a credential, loopback or not. */
const servers = useWorld(async (world) => {
  const access = await prepareAccess(world);

  return { access, closed: await world.serve({ PALISADE_ANONYMOUS: 'off' }) };
});
const access = (): Access => servers().access;

const QUESTION = {
  principal: { type: 'Agent', id: 'a' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'd' },
};
const UNAUTHENTICATED = `status ${status.UNAUTHENTICATED}`;
const ROUTES = decisionRoutes()
  .filter(({ method, path }) => method === 'POST' && path.startsWith('/v1/'))
  .map(({ path }) => path);
const OUTCOME = '/v1/decisions/{decision_id}/outcome';
const WAIT = '/v1/approvals/wait';
const DECIDING = ROUTES.filter((path) => path !== OUTCOME && path !== WAIT && !path.startsWith('/v1/runs'));

/** What a question ends in on a REST route: its decision, of constraints `allow` where the action is possible, or the code of its error, and the status. */
async function rest(
  path: string,
  authorization: string | string[] | undefined,
  changes: object = {},
  server: ServerProcess = access().server,
): Promise<string> {
  const question = { ...QUESTION, ...changes };
  const { status: http, json } = await post(
    path,
    authorization === undefined ? {} : { authorization },
    bodyOf(path, question),
    server,
  );
  const [action] = (json?.['actions'] ?? []) as { possible: boolean }[];
  if (action !== undefined) return `${http} ${action.possible ? 'allow' : 'deny'}`;
  const [item] = (json?.['results'] ?? []) as { response?: { decision: string }; error?: { code: string } }[];

  return `${http} ${item?.response?.decision ?? item?.error?.code ?? json?.['decision'] ?? json?.['code']}`;
}

function bodyOf(path: string, question: typeof QUESTION): object {
  if (path.endsWith('/batch')) return { requests: [question] };
  if (!path.endsWith('/constraints')) return question;
  const { action, resource, ...asked } = question;

  return { ...asked, actions: [action], resource_types: [resource.type] };
}

function post(
  path: string,
  headers: Readonly<Record<string, string | string[]>>,
  body: object = bodyOf(path, QUESTION),
  { addresses }: ServerProcess = access().server,
): Promise<HttpAnswer> {
  return send(addresses.rest, {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

test('the routes that decide are those of the contract', () => {
  expect(ROUTES).toEqual([
    '/v1/authorize',
    '/v1/authorize/batch',
    '/v1/constraints',
    '/v1/runs',
    '/v1/runs/{run_id}/end',
    OUTCOME,
    WAIT,
  ]);
});

describe(`POST ${WAIT}`, () => {
  const wait = async (authorization: string | undefined) => {
    const headers = authorization === undefined ? {} : { authorization };
    const body = { approval_id: '0199a000-0000-7000-8000-000000000000' };
    const { status: http, json } = await post(WAIT, headers, body);

    return `${http} ${json?.['code']}`;
  };

  test('is for runtime credentials alone, and tells a stranger nothing', async () => {
    expect(await wait(access().runtime)).toBe('404 not_found');
    expect(await wait(access().otherStore)).toBe('404 not_found');
    expect(await wait(undefined)).toBe('404 not_found');
    expect(await wait(access().admin)).toBe('403 permission_denied');
    expect(await wait('Bearer pal_0123456789abcdef_')).toBe('401 unauthenticated');
  });
});

describe(`POST ${OUTCOME}`, () => {
  const path = OUTCOME.replace('{decision_id}', '0199a000-0000-7000-8000-000000000000');
  const report = async (authorization: string | undefined, more: Record<string, string> = {}) => {
    const headers = { ...more, ...(authorization === undefined ? {} : { authorization }) };
    const { status: http, json } = await post(path, headers, { outcome: 'success' });

    return `${http} ${json?.['code']}`;
  };

  test('is for runtime credentials alone, and tells a stranger nothing', async () => {
    expect(await report(access().runtime)).toBe('404 not_found');
    expect(await report(access().otherStore)).toBe('404 not_found');
    expect(await report(access().admin)).toBe('403 permission_denied');
    expect(await report(undefined)).toBe('403 permission_denied');
    for (const [what, authorization] of Object.entries(access().bad)) {
      expect(await report(authorization), what).toBe('401 unauthenticated');
    }
  });

  test('answers to no foreign Host, no foreign Origin and no other method', async () => {
    expect(await report(access().runtime, { host: 'evil.example' })).toBe('403 permission_denied');
    expect(await report(access().runtime, { origin: 'https://evil.example' })).toBe('403 permission_denied');
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await send(access().server.addresses.rest, { method, path })).status).toBe(405);
    }
  });
});

describe.each(DECIDING)('POST %s', (path) => {
  /** An item of a batch fails in its place, and the call is answered. */
  const refused = path.endsWith('/batch') ? '200 permission_denied' : '403 permission_denied';

  test('decides for a credential that names the store and the principal', async () => {
    expect(await rest(path, access().runtime)).toBe('200 allow');
    expect(await rest(path, access().otherStore)).toBe('200 allow');
    expect(await rest(path, access().otherPrincipal, { principal: { type: 'Agent', id: 'b' } })).toBe(
      '200 allow',
    );
  });

  test('takes no bad credential, and does not fall back to anonymous', async () => {
    for (const [what, authorization] of Object.entries(access().bad)) {
      expect(await rest(path, authorization), what).toBe('401 unauthenticated');
    }
    expect(await rest(path, [access().runtime, access().runtime])).toBe('401 unauthenticated');
    expect(await rest(path, '')).toBe('401 unauthenticated');
  });

  test('is denied to an admin, to another store and to another principal', async () => {
    expect(await rest(path, access().admin)).toBe(refused);
    expect(await rest(path, access().otherStore, { policy_store: 'default' })).toBe(refused);
    expect(await rest(path, access().runtime, { policy_store: 'other' })).toBe(refused);
    expect(await rest(path, access().otherPrincipal)).toBe(refused);
  });

  test('goes without a credential over loopback, in the store default and without an explanation', async () => {
    expect(await rest(path, undefined)).toBe('200 allow');
    expect(await rest(path, undefined, { policy_store: 'default' })).toBe('200 allow');
    expect(await rest(path, undefined, { policy_store: 'other' })).toBe(refused);
    expect(await rest(path, undefined, { detail: 'full' })).toBe(refused);
  });

  test('goes nowhere without a credential where that is off', async () => {
    expect(await rest(path, undefined, {}, servers().closed)).toBe('401 unauthenticated');
    expect(await rest(path, access().runtime, {}, servers().closed)).toBe('200 allow');
  });

  test('answers to no foreign Host and no foreign Origin', async () => {
    for (const foreign of [
      { host: 'evil.example' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      expect((await post(path, { authorization: access().runtime, ...foreign })).status).toBe(403);
      expect((await post(path, foreign)).status).toBe(403);
    }
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])('knows no %s', async (method) => {
    expect((await send(access().server.addresses.rest, { method, path })).status).toBe(405);
  });
});

test('the description of the interface is open', async () => {
  const { rest: address } = access().server.addresses;

  expect((await send(address, { method: 'GET', path: '/openapi.json' })).status).toBe(200);
  expect(
    (await send(address, { method: 'GET', path: '/openapi.json', headers: { host: 'evil.example' } })).status,
  ).toBe(403);
});

test('no administration is on the port of decisions', async () => {
  for (const path of ['/v1/stores', '/v1/credentials', '/livez', '/readyz', '/v1/decisions']) {
    const { status: http } = await send(access().server.addresses.rest, {
      method: 'GET',
      path,
      headers: { authorization: access().admin },
    });

    expect(http, path).toBe(404);
  }
});

describe.each([
  ['REST', restRuns],
  ['gRPC', grpcRuns],
] as const)('a run over %s', (_transport, over) => {
  const { principal } = QUESTION;
  const runs = (authorization?: string, { addresses } = access().server) => over(addresses, authorization);
  const refused = expect.objectContaining({ error: 'permission_denied' });

  test('is for a credential that names the store and the principal, and for nobody over loopback', async () => {
    expect(await runs(access().runtime).start({ principal })).toMatchObject({ open: true });
    expect(await runs(access().otherStore).start({ principal })).toMatchObject({ policy_store: 'other' });
    const run = await runs().start({ principal });
    expect(run).toMatchObject({ policy_store: 'default' });
    expect(await runs().end(String(run['run_id']))).toMatchObject({ open: false });
    expect(await runs(undefined, servers().closed).start({ principal })).toMatchObject({
      error: 'unauthenticated',
    });
  });

  test('is denied to an admin, to another store and to another principal', async () => {
    const id = String((await runs(access().runtime).start({ principal }))['run_id']);
    expect(await runs(access().admin).start({ principal })).toEqual(refused);
    expect(await runs(access().admin).get(id)).toEqual(refused);
    expect(await runs(access().admin).end(id)).toEqual(refused);
    expect(await runs(access().otherStore).start({ principal, policy_store: 'default' })).toEqual(refused);
    expect(await runs().start({ principal, policy_store: 'other' })).toEqual(refused);
    expect(await runs(access().otherPrincipal).start({ principal })).toEqual(refused);
    expect(await runs().end(id)).toMatchObject({ error: 'not_found' });
  });

  test('takes no bad credential, and does not fall back to anonymous', async () => {
    const id = String((await runs().start({ principal }))['run_id']);
    for (const [what, authorization] of Object.entries(access().bad)) {
      const bad = runs(authorization);
      for (const answer of [bad.start({ principal }), bad.end(id), bad.get(id)])
        expect(await answer, what).toMatchObject({ error: 'unauthenticated' });
    }
    expect(await runs().get(id)).toMatchObject({ open: true });
  });
});

describe.each(GRPC_METHODS)('%s', (method) => {
  const denied =
    method === 'Authorize' || method === 'Constraints'
      ? `status ${status.PERMISSION_DENIED}`
      : 'permission_denied';
  const over = (
    address: () => string,
    body: (question: (authorization?: string) => Promise<string>) => Promise<void>,
    changes: object = {},
  ) =>
    withGrpc(address(), (client) =>
      body((authorization) => ask(client, method, { ...QUESTION, ...changes }, authorization)),
    );
  const grpc = () => access().server.addresses.grpc;

  test('decides for a credential, and without one over loopback', async () => {
    await over(grpc, async (question) => {
      expect(await question(access().runtime)).toBe('ALLOW');
      expect(await question(access().otherStore)).toBe('ALLOW');
      expect(await question()).toBe('ALLOW');
    });
  });

  test('takes no bad credential, and does not fall back to anonymous', async () => {
    await over(grpc, async (question) => {
      for (const [what, authorization] of Object.entries(access().bad)) {
        expect(await question(authorization), what).toBe(UNAUTHENTICATED);
      }
    });
  });

  test('is denied to an admin, to another store and to another principal', async () => {
    await over(grpc, async (question) => {
      expect(await question(access().admin)).toBe(denied);
      expect(await question(access().otherPrincipal)).toBe(denied);
    });
    await over(
      grpc,
      async (question) => {
        expect(await question(access().otherStore)).toBe(denied);
        expect(await question(access().runtime)).toBe('ALLOW');
      },
      { policy_store: 'default' },
    );
    await over(
      grpc,
      async (question) => {
        expect(await question(access().runtime)).toBe(denied);
        expect(await question()).toBe(denied);
      },
      { policy_store: 'other' },
    );
  });

  test('explains nothing without a credential', async () => {
    await over(
      grpc,
      async (question) => {
        expect(await question()).toBe(denied);
        expect(await question(access().runtime)).toBe('ALLOW');
      },
      { detail: 'FULL' },
    );
  });

  test('goes nowhere without a credential where that is off', async () => {
    await over(
      () => servers().closed.addresses.grpc,
      async (question) => {
        expect(await question()).toBe(UNAUTHENTICATED);
        expect(await question(access().runtime)).toBe('ALLOW');
      },
    );
  });
});

test('records say who asked, and anonymous of nobody; a bad token leaves none', async () => {
  const subjects = async (trace: string) => {
    const { json } = await send(access().server.addresses.admin, {
      method: 'GET',
      path: `/v1/decisions?trace_id=${trace.repeat(32)}`,
      headers: { authorization: access().admin },
    });

    return ((json?.['records'] ?? []) as readonly { credential: unknown }[]).map(
      ({ credential }) => credential,
    );
  };
  const traceparent = (trace: string) => `00-${trace.repeat(32)}-00f067aa0ba902b7-01`;

  await post('/v1/authorize', { traceparent: traceparent('c'), authorization: 'Bearer letmein' });
  await post('/v1/authorize', { traceparent: traceparent('a') });
  await post('/v1/authorize', { traceparent: traceparent('b'), authorization: access().runtime });
  while ((await subjects('b')).length === 0);

  expect(await subjects('a')).toEqual([{ id: null, subject: 'anonymous' }]);
  expect(await subjects('b')).toMatchObject([{ subject: 'test-runtime' }]);
  expect(await subjects('c')).toEqual([]);
});
