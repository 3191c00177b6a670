import { describe, expect, test } from 'vitest';
import { useWorld } from '../support/use-world.ts';
import { prepareAccess } from './support/credentials.ts';
import { type HttpAnswer, send } from './support/http.ts';
import { adminRoutes } from './support/routes.ts';

const access = useWorld((world) => prepareAccess(world));

const OPEN = ['/livez', '/metrics', '/readyz'];
const ROUTES = adminRoutes()
  .filter(({ method }) => method !== 'ALL')
  .map(({ method, path }) => [method, path] as const);
const GUARDED = ROUTES.filter(([, path]) => !OPEN.includes(path));
/** Also what no route takes: whoever is nobody is not told which paths there are. */
const ASKED = [
  ...GUARDED,
  ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'].flatMap((method) =>
    ['/v1/stores', '/v1/absent', '/', '/metrics/', '/livez/', '/LIVEZ', '/v1/../livez'].map(
      (path) => [method, path] as const,
    ),
  ),
];

function ask(
  [method, path]: readonly [string, string],
  headers: Readonly<Record<string, string | string[]>>,
): Promise<HttpAnswer> {
  const filled = path
    .replace('{digest}', `sha256:${'0'.repeat(64)}`)
    .replace('{store}', 'default')
    .replace('{id}', 'unknown');

  return send(access().server.addresses.admin, { method, path: filled, headers });
}

describe('without a credential', () => {
  test.each(OPEN)('%s answers', async (path) => {
    expect((await ask(['GET', path], {})).status).toBe(200);
    expect((await ask(['HEAD', path], {})).status).toBe(200);
  });

  test.each(ASKED)('%s %s is unauthenticated, over loopback too', async (method, path) => {
    const { status, headers, json } = await ask([method, path], {});

    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe('Bearer realm="palisade"');
    if (method !== 'HEAD') expect(json).toMatchObject({ code: 'unauthenticated' });
  });
});

test.each(GUARDED)('%s %s takes no bad credential', async (method, path) => {
  for (const [what, authorization] of Object.entries(access().bad)) {
    const { status, json } = await ask([method, path], { authorization });

    expect(status, what).toBe(401);
    expect(json?.['code'], what).toBe('unauthenticated');
  }
  const twice = { authorization: [access().admin, access().admin] };
  expect((await ask([method, path], twice)).status).toBe(401);
});

test.each(ASKED)('%s %s is denied to a runtime credential', async (method, path) => {
  expect((await ask([method, path], { authorization: access().runtime })).status).toBe(403);
});

test.each(GUARDED)('%s %s lets an admin through', async (method, path) => {
  const { status } = await ask([method, path], { authorization: access().admin });

  expect([200, 400, 404, 415]).toContain(status);
});

test.each(ROUTES)('%s %s answers to no foreign Host and no foreign Origin', async (method, path) => {
  const { admin, server } = access();
  const port = server.addresses.admin.split(':')[1];
  for (const foreign of [
    { host: 'evil.example' },
    { host: `evil.example:${port}` },
    { host: '127.0.0.1.evil.example' },
    { host: 'localhost@evil.example' },
    { host: 'evil.example/' },
    { host: 'localhost:1:2' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `http://localhost:${port}` },
  ]) {
    const { status, json } = await ask([method, path], { authorization: admin, ...foreign });

    expect(status, JSON.stringify(foreign)).toBe(403);
    expect(json?.['code']).toBe('permission_denied');
  }
});

test.each(['/livez', '/readyz'])('%s tells nothing but health', async (path) => {
  const { json } = await ask(['GET', path], {});

  expect(Object.keys(json ?? {}).toSorted()).toEqual(
    path === '/readyz' ? ['reasons', 'status', 'warnings'] : ['status'],
  );
});
