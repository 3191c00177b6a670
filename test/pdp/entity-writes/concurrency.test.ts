import { beforeAll, expect, test } from 'vitest';
import { storeBundle } from '../../bundles/stored/store-bundle.ts';
import { activate, administer, deploy, pushBundle } from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { aStore, idsOf, team, user } from './support.ts';

let world: SharedWorld;

beforeAll(async () => {
  world = await sharedWorld();
});

test('patches at once lose nothing of one another', async () => {
  const { bulk, patch, ask } = await aStore(world);
  const teams = Array.from({ length: 8 }, (_, at) => ({ type: 'Team', id: `t${at}` }));
  await bulk(...teams.map(({ id }) => team(id)), user('a', 1, []));

  const answers = await Promise.all([
    ...teams.map((parent) => patch('/User/a', { parents: { add: [parent] } })),
    patch('/User/a', { attrs: { set: { level: 2 } } }),
  ]);

  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(new Set(answers.map(({ body }) => body['sequence'])).size).toBe(answers.length);
  const { entity } = (await ask('GET', '/User/a')).body as {
    readonly entity: { readonly attrs: object; readonly parents: readonly unknown[] };
  };
  expect(entity.attrs).toEqual({ level: 2n });
  expect(entity.parents).toHaveLength(8);
});

test('of writers that saw the same version one wins', async () => {
  const { put, ask } = await aStore(world);
  const once = { expected_sequence: 0 };
  const answers = await Promise.all(
    [1, 2, 3, 4].map((level) => put('/User/a', { attrs: { level }, parents: [] }, once)),
  );

  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
  expect(await ask('GET')).toMatchObject({ body: { state_sequence: 2n } });
});

test('no entity that the new schema refuses slips in beside its deployment', async () => {
  const { name, put, ask } = await aStore(world);
  const schema = String(storeBundle().get('schema.cedarschema'));
  const stricter = storeBundle({
    'bundle.yaml': String(storeBundle().get('bundle.yaml')).replace('1.0.0', `1.0.${Date.now()}`),
    'schema.cedarschema': schema.replace('{ level: Long }', '{ level: Long, mail?: String }'),
  });
  const { digest } = (await pushBundle(world, stricter)).body;
  let activated: Awaited<ReturnType<typeof activate>> | undefined;

  const [deployment, ...writes] = await Promise.all([
    activate(world, name, String(digest)).then((answer) => {
      activated = answer;
      return answer;
    }),
    ...Array.from({ length: 12 }, (_, at) =>
      put(`/User/u${at}`, { attrs: { level: 1, ...(at % 2 === 0 ? { mail: 'x' } : {}) }, parents: [] }),
    ),
  ]);

  expect(activated).toBe(deployment);
  expect(deployment.status).toBe(200);
  const kept = writes.flatMap(({ status }, at) => (status === 200 ? [`u${at}`] : []));
  expect(idsOf(await ask('GET')).toSorted()).toEqual(kept.toSorted());
  expect(writes.map(({ status }) => status).filter((status) => status !== 200 && status !== 400)).toEqual([]);
});

test('a write leaves a record of who wrote what, without what it holds', async () => {
  const { name, bulk, ask } = await aStore(world);
  await ask('POST', '', {
    entities: [user('secretive', 4242, []), { put: user('b', 1, []).put }],
    reason: 'two joined',
  });
  await bulk({ delete: { type: 'User', id: 'b' } });

  const changes = async () => {
    const { body } = await administer(world, 'GET', '/v1/decisions?reason_code=write_entities&limit=200');

    return (body['records'] as Readonly<Record<string, unknown>>[]).filter(({ store }) => store === name);
  };
  await expect.poll(async () => (await changes()).length).toBe(2);

  const [deleted, put] = await changes();
  expect(put).toMatchObject({
    kind: 'change',
    store: name,
    reason: 'two joined',
    sequence: null,
    state: null,
    entities: { sequence: 2n, put: 2n, deleted: 0n, uids: [{ type: 'User', id: 'secretive' }, { id: 'b' }] },
  });
  expect(deleted).toMatchObject({ entities: { sequence: 3n, put: 0n, deleted: 1n } });
  expect(
    JSON.stringify(put, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
  ).not.toContain('4242');
});

test('what is written decides once a request waits for its sequence', async () => {
  const { name, bulk } = await aStore(world);
  await deploy(world, name, storeBundle());
  const { body } = await bulk(team('writers'), user('a'));
  const made = await administer(world, 'POST', '/v1/credentials', {
    name: `asks-${name}`,
    roles: ['runtime'],
    stores: [name],
  });

  const answer = await fetch(`http://${world.addresses.rest}/v1/authorize`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${String(made.body['token'])}` },
    body: JSON.stringify({
      at_least_sequence: Number(body['sequence']),
      principal: { type: 'User', id: 'a' },
      action: { type: 'Action', id: 'read' },
      resource: { type: 'Doc', id: 'd' },
      entities: [{ uid: { type: 'Doc', id: 'd' }, attrs: { public: true }, parents: [] }],
    }),
  });

  expect(await answer.json()).toMatchObject({ decision: 'allow' });
});
