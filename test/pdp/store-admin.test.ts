import { expect, test } from 'vitest';
import { useWorld } from '../support/use-world.ts';
import { prepareAccess } from './support/credentials.ts';
import { type HttpAnswer, send } from './support/http.ts';

const access = useWorld((world) => prepareAccess(world));

/** Asks as an admin of the store `other` alone. */
function ask(method: string, path: string, body?: unknown): Promise<HttpAnswer> {
  return send(access().server.addresses.admin, {
    method,
    path,
    headers: { authorization: access().otherAdmin, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const idOf = (authorization: string) => authorization.slice('Bearer pal_'.length).slice(0, 16);

test('an admin of one store sees that store and what it runs, and no other', async () => {
  expect((await ask('GET', '/v1/stores')).json).toMatchObject({ stores: [{ name: 'other' }] });
  expect((await ask('GET', '/v1/deployments')).json).toMatchObject({ deployments: [{ store: 'other' }] });
  expect((await ask('GET', '/v1/stores/other/deployment')).status).toBe(200);
  for (const store of ['default', 'absent']) {
    const { status, json } = await ask('GET', `/v1/stores/${store}/deployment`);

    expect(status).toBe(404);
    expect(json?.['detail']).toBe(`there is no store ${store}`);
  }
});

test('an admin of one store activates nothing in another, and makes no stores', async () => {
  const digest = `sha256:${'0'.repeat(64)}`;

  expect((await ask('PUT', '/v1/stores/default/deployment', { digest })).status).toBe(404);
  expect((await ask('POST', '/v1/stores', { name: 'mine' })).status).toBe(403);
});

test.each([
  ['an admin of all stores', { roles: ['admin'], stores: ['*'] }],
  ['an admin of another store', { roles: ['admin'], stores: ['default'] }],
  ['an admin of its own and another store', { roles: ['admin'], stores: ['other', 'default'] }],
  ['a runtime of another store', { roles: ['runtime'], stores: ['default'] }],
])('an admin of one store does not make %s', async (_what, wanted) => {
  const { status, json } = await ask('POST', '/v1/credentials', { name: 'risen', ...wanted });

  expect(status).toBe(403);
  expect(json).toMatchObject({ code: 'permission_denied', field: 'stores' });
});

test('an admin of one store makes, sees and revokes the credentials of that store alone', async () => {
  const made = await ask('POST', '/v1/credentials', { name: 'mine', roles: ['runtime'], stores: ['other'] });
  expect(made.status).toBe(201);

  expect((await ask('GET', '/v1/credentials')).json).toMatchObject({
    credentials: [{ name: 'mine' }, { name: 'other-store' }, { name: 'other-admin' }],
  });

  for (const foreign of [idOf(access().admin), idOf(access().runtime), 'unknown']) {
    expect((await ask('DELETE', `/v1/credentials/${foreign}`)).status).toBe(404);
  }
  expect((await ask('DELETE', `/v1/credentials/${String(made.json?.['id'])}`)).status).toBe(200);
});

test('an admin of one store finds the decisions of that store alone', async () => {
  for (const authorization of [access().runtime, access().otherStore]) {
    await send(access().server.addresses.rest, {
      method: 'POST',
      path: '/v1/authorize',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({
        principal: { type: 'Agent', id: 'a' },
        action: { type: 'Action', id: 'read' },
        resource: { type: 'Doc', id: 'd' },
      }),
    });
  }
  const all = async () =>
    (
      await send(access().server.addresses.admin, {
        method: 'GET',
        path: '/v1/decisions',
        headers: { authorization: access().admin },
      })
    ).json?.['records'] as readonly { store: string; decision_id: string }[];
  while ((await all()).length < 2);

  const seen = (await ask('GET', '/v1/decisions')).json?.['records'] as readonly { store: string }[];
  expect(seen.map(({ store }) => store)).toEqual(['other']);
  const foreign = (await all()).find(({ store }) => store === 'default');
  expect((await ask('GET', `/v1/decisions/${foreign?.decision_id}`)).status).toBe(404);
});

test.each([
  ['a moment in the past', { expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
  ['a time without a zone', { expires_at: '2999-01-01T00:00:00' }, 'expires_at'],
  ['a principal of no type', { principals: [{ type: 'Agent::' }] }, 'principals.0.type'],
  ['a principal of no id', { principals: [{ type: 'Agent', ids: [] }] }, 'principals.0.ids'],
  ['no principal at all', { principals: [] }, 'principals'],
  ['a name that is no name', { name: 'a b' }, 'name'],
  ['a role of its own', { roles: ['root'] }, 'roles.0'],
  ['no store', { stores: [] }, 'stores'],
  ['every store for a runtime', { stores: ['*'] }, 'stores'],
  ['a member that nobody knows', { token: 'pal_mine' }, 'body'],
])('a credential is not made with %s', async (_what, changes, field) => {
  const { status, json } = await send(access().server.addresses.admin, {
    method: 'POST',
    path: '/v1/credentials',
    headers: { authorization: access().admin, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'wrong', roles: ['runtime'], stores: ['default'], ...changes }),
  });

  expect(status).toBe(400);
  expect(json).toMatchObject({ code: 'invalid_request', field });
});
