import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AdminContext } from '../../services/pdp/admin/context.ts';
import { createAdminRoutes } from '../../services/pdp/admin/routes.ts';
import { allRoutes } from '../../services/pdp/admin/server.ts';
import { ROLES } from '../../services/store/credentials.ts';
import { useWorld } from '../support/use-world.ts';
import { prepareAccess } from './support/credentials.ts';
import { type HttpAnswer, send } from './support/http.ts';
import { ROLE_MATRIX } from './support/role-matrix.ts';

// The routes are only made here, never called, so what they work on may be absent.
const routes = allRoutes({} as AdminContext);
const nameOf = ({ method, path }: { readonly method: string; readonly path: string }) =>
  `${method.toUpperCase()} ${path}`;

const access = useWorld(async (world) => {
  const tokens = new Map<string, string>();
  for (const role of ROLES) {
    const stores = role === 'runtime' ? ['default'] : ['*'];
    tokens.set(role, await world.credential({ name: `only-${role}`, roles: [role], stores }));
  }

  return { ...(await prepareAccess(world)), tokens };
});

function ask(token: string | undefined, method: string, path: string, body?: unknown): Promise<HttpAnswer> {
  return send(access().server.addresses.admin, {
    method: method.toUpperCase(),
    path: path
      .replace(':digest', `sha256:${'0'.repeat(64)}`)
      .replace(':id', '00000000-0000-4000-8000-000000000000')
      .replace(':store', 'absent'),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const records = async (query: string) =>
  (await ask(access().tokens.get('auditor'), 'GET', `/v1/decisions?${query}`)).json?.['records'] as readonly {
    readonly decision: string;
    readonly store: string | null;
    readonly principal: { readonly id: string };
    readonly action: { readonly id: string };
    readonly call: { readonly route: string };
    readonly bundle: { readonly name: string; readonly digest: string };
    readonly determining: readonly string[];
  }[];

test('every administrative call has its row in the matrix, and every row its call', () => {
  expect(routes.map(nameOf).toSorted()).toEqual(Object.keys(ROLE_MATRIX).toSorted());
});

describe.each(routes.map((route) => ({ name: nameOf(route), ...route })))(
  '$name',
  ({ name, method, path }) => {
    test.each(ROLES)('by %s', async (role) => {
      const { status, json } = await ask(access().tokens.get(role), method, path);
      const allowed = ROLE_MATRIX[name]?.some((one) => one === role) ?? false;

      expect(status === 403, JSON.stringify(json)).toBe(!allowed);
      if (!allowed) {
        expect(json).toMatchObject({ code: 'permission_denied' });
        for (const one of ROLE_MATRIX[name] ?? []) expect(String(json?.['detail'])).toContain(one);
      }
    });
  },
);

test('the page on roles shows that matrix', () => {
  const page = readFileSync('docs/roles.md', 'utf8');
  const shown = [...page.matchAll(/^\| `([A-Z]+ \/v1\/[^`]*)` \| (.*) \|$/gm)].map(
    ([, call = '', cells = '']) => [
      call,
      ROLES.slice(1).filter((_role, index) => cells.split('|')[index]?.trim() === 'yes'),
    ],
  );

  expect(Object.fromEntries(shown)).toEqual(
    Object.fromEntries(
      Object.entries(ROLE_MATRIX).map(([call, roles]) => [
        call,
        ROLES.filter((one) => roles.some((r) => r === one)),
      ]),
    ),
  );
});

test('a call without an action is not even registered', () => {
  const add = createAdminRoutes().get as (path: string, action: string, handler: () => void) => void;

  expect(() => add('/v1/anything', 'anything', () => undefined)).toThrow('has no administrative action');
});

test('each call is recorded, allowed or denied, apart from the decisions', async () => {
  await ask(access().tokens.get('operator'), 'POST', '/v1/stores', { name: 'refused' });
  await ask(access().tokens.get('admin'), 'POST', '/v1/stores', { name: 'recorded' });
  const found = async (subject: string, decision: string) =>
    (await records(`administration=true&subject=${subject}&decision=${decision}`)).find(
      ({ call }) => call.route === 'POST /v1/stores',
    );
  await expect.poll(() => found('only-admin', 'allow')).toBeDefined();

  expect(await found('only-admin', 'allow')).toMatchObject({
    action: { id: 'createStore' },
    bundle: { name: 'system', digest: expect.stringMatching(/^sha256:/) },
    determining: ['admins'],
    store: null,
  });
  expect(await found('only-operator', 'deny')).toMatchObject({ determining: [] });
  expect((await records('limit=1000')).filter(({ call }) => call !== undefined)).toEqual([]);
});

test('who asks the same again and again leaves one record a minute', async () => {
  const token = await access().world.credential({ name: 'poller', roles: ['auditor'], stores: ['default'] });
  await expect.poll(async () => (await ask(token, 'GET', '/v1/stores')).status).toBe(200);
  for (let count = 0; count < 5; count += 1) await ask(token, 'GET', '/v1/stores');
  const found = () => records('administration=true&subject=poller');
  await expect.poll(async () => (await found()).length).toBe(1);

  expect((await found()).length).toBe(1);
});

test('nobody makes a credential with a role that their own lacks', async () => {
  const admin = access().tokens.get('admin');
  const wanted = { name: 'risen', stores: ['default'], roles: ['reviewer'] };
  const { status, json } = await ask(admin, 'POST', '/v1/credentials', wanted);

  expect(status).toBe(403);
  expect(json).toMatchObject({ code: 'permission_denied', field: 'roles' });
  expect((await ask(admin, 'POST', '/v1/credentials', { ...wanted, roles: ['runtime'] })).status).toBe(201);
});

test('a runtime credential has no other role', async () => {
  const wanted = { name: 'both', stores: ['default'], roles: ['runtime', 'admin'] };
  const { status, json } = await ask(access().tokens.get('admin'), 'POST', '/v1/credentials', wanted);

  expect(status).toBe(400);
  expect(json).toMatchObject({ field: 'roles' });
});
