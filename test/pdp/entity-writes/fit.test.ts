import { beforeAll, describe, expect, test } from 'vitest';
import { storeBundle } from '../../bundles/stored/store-bundle.ts';
import { activate, administer, createCredential, pushBundle } from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { aStore, GOOD, team, told, user } from './support.ts';

let world: SharedWorld;
/** As the bundle of teams, with another schema or other entities. */
let digests: Readonly<Record<'mailed' | 'mailing' | 'leveled' | 'orgless' | 'elsewhere', string>>;

const MAILED = '{ level: Long, mail: String }';
const MAILING = '{ level: Long, mail?: String }';

beforeAll(async () => {
  world = await sharedWorld();
  digests = {
    mailed: await push('mailed', { attributes: MAILED }),
    mailing: await push('mailing', { attributes: MAILING }),
    leveled: await push('leveled', { attributes: '{ level: String }' }),
    orgless: await push('orgless', { entities: '[]' }),
    elsewhere: await push('elsewhere', { sources: 'User: request, Team: store' }),
  };
});

interface Changes {
  readonly attributes?: string;
  readonly entities?: string;
  readonly sources?: string;
}

async function push(name: string, { attributes = '{ level: Long }', entities, sources }: Changes) {
  const files = storeBundle();
  const text = (path: string) => String(files.get(path));
  const { status, body } = await pushBundle(
    world,
    storeBundle({
      'bundle.yaml': text('bundle.yaml')
        .replace('name: teams', `name: ${name}`)
        .replace('User: store, Team: store', sources ?? 'User: store, Team: store'),
      'schema.cedarschema': text('schema.cedarschema').replace('{ level: Long }', attributes),
      'receipts.cedar': '@id("all") permit(principal, action, resource);',
      'tests/view.yaml': undefined,
      ...(entities === undefined ? {} : { 'entities.json': entities }),
    }),
  );
  if (status > 201) throw new Error(String(body['report']));

  return String(body['digest']);
}

const change = (store: string, kind: string, body: object) =>
  administer(world, 'POST', `/v1/stores/${store}/deployment/${kind}`, body);

describe('a bundle that what a store holds does not fit', () => {
  test('becomes neither active nor canary nor shadow, and the entities are named', async () => {
    const { name, bulk } = await aStore(world);
    const users = Array.from({ length: 25 }, (_, at) => user(`u${String(at).padStart(2, '0')}`, 1, []));
    await bulk(...users);
    const { mailed: digest } = digests;

    const refused = [
      await activate(world, name, digest),
      await change(name, 'canary', { digest, percent: 10 }),
      await change(name, 'shadow', { digest }),
    ];
    for (const answer of refused) {
      expect(told(answer)).toBe('412 precondition_failed digest');
      expect(answer.body['misfits']).toMatchObject({ count: 25n });
      const named = (answer.body['misfits'] as { readonly entities: readonly { entity: string }[] }).entities;
      expect(named.map(({ entity }) => entity)).toEqual(
        users.slice(0, 20).map(({ put: { uid } }) => `User::"${uid.id}"`),
      );
      expect(String(answer.body['report'])).toMatch(
        /User::"u00": attrs.mail: is required and missing\n[\s\S]*and 5 more$/,
      );
    }

    await bulk(...users.map(({ put: { uid } }) => ({ delete: uid })));
    expect((await activate(world, name, digest)).status).toBe(200);
  });

  test.each([
    ['gives an attribute another type', 'leveled', user('a', 1, []), 'attrs.level: must be a String'],
    [
      'lacks an entity that others stand under',
      'orgless',
      team('writers', [GOOD]),
      'its parent Org::"good" is not there',
    ],
  ] as const)('because it %s is refused', async (_what, bundle, held, why) => {
    const { name, bulk } = await aStore(world);
    await bulk(held);

    const { status, body } = await activate(world, name, digests[bundle]);
    expect(status).toBe(412);
    expect(body['report']).toContain(why);
  });

  test('is not gone back to', async () => {
    const { name, bulk, put } = await aStore(world);
    expect((await activate(world, name, digests.mailing)).status).toBe(200);
    await put('/User/a', { attrs: { level: 1, mail: 'a@example.com' }, parents: [] });

    expect(told(await change(name, 'rollback', {}))).toBe('412 precondition_failed digest');
    await bulk({ uid: { type: 'User', id: 'a' }, patch: { attrs: { remove: ['mail'] } } });
    expect((await change(name, 'rollback', {})).status).toBe(200);
  });

  test('is refused when it is proposed, and again when it is approved', async () => {
    const { name, put } = await aStore(world);
    const approving = async (id: unknown) => {
      const adminToken = await createCredential(world, { roles: ['reviewer'], stores: ['*'] });

      return administer({ ...world, adminToken }, 'POST', `/v1/proposals/${String(id)}/approve`);
    };
    await administer(world, 'PUT', `/v1/stores/${name}/two-person`, { enabled: true });
    const proposed = await activate(world, name, digests.mailed);
    expect(proposed.status).toBe(202);
    await put('/User/a', { attrs: { level: 1 }, parents: [] });

    expect(told(await activate(world, name, digests.mailed))).toBe('412 precondition_failed digest');
    const { id } = proposed.body['proposal'] as { readonly id: string };
    await expect
      .poll(async () => told(await approving(id)), { timeout: 10_000 })
      .toBe('412 precondition_failed digest');
  });
});

test('a bundle that takes a type from elsewhere leaves what is stored of it alone, which only can be deleted then', async () => {
  const { name, bulk, put, ask } = await aStore(world);
  await bulk(user('a', 1, []));
  expect((await activate(world, name, digests.elsewhere)).status).toBe(200);

  expect(told(await put('/User/b', { attrs: { level: 1 }, parents: [] }))).toBe(
    '412 precondition_failed entity',
  );
  expect((await ask('DELETE', '/User/a')).status).toBe(200);
});

test('what is written is held to the canary and the shadow too, so a canary can always be promoted', async () => {
  const { name, put } = await aStore(world);
  await change(name, 'shadow', { digest: digests.leveled });
  expect(told(await put('/User/a', { attrs: { level: 1 }, parents: [] }))).toBe(
    '400 invalid_request entity.attrs.level',
  );
  await change(name, 'shadow', { digest: null });
  await change(name, 'canary', { digest: digests.mailing, percent: 10 });
  const refused = await put('/User/a', { attrs: { level: 1, mail: 'a@example.com' }, parents: [] });
  expect(told(refused)).toBe('400 invalid_request entity.attrs.mail');
  expect(refused.body['detail']).toContain('by the schema of teams 1.0.0');

  expect((await put('/User/a', { attrs: { level: 1 }, parents: [] })).status).toBe(200);
  expect((await change(name, 'promote', {})).status).toBe(200);
  expect((await put('/User/a', { attrs: { level: 1, mail: 'x' }, parents: [] })).status).toBe(200);
});

test('of a deployment and a write that break each other one is refused, whichever comes first', async () => {
  for (let round = 0; round < 6; round += 1) {
    const { name, put, ask } = await aStore(world);
    const [deployment, written] = await Promise.all([
      activate(world, name, digests.mailed),
      put('/User/a', { attrs: { level: 1 }, parents: [] }),
    ]);
    const after = await ask('GET');

    expect([deployment.status, written.status].toSorted()).toEqual(
      deployment.status === 200 ? [200, 400] : [200, 412],
    );
    expect(after.body['entities']).toHaveLength(written.status === 200 ? 1 : 0);
  }
});
