import { beforeAll, expect, test } from 'vitest';
import { administer, createCredential, createStore, uniqueName } from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';

const WANTED = {
  principal: { type: 'User', id: 'fay' },
  actions: [{ type: 'Action', id: 'deploy' }],
  reason: 'the shop is down',
  ticket: 'INC-7',
  minutes: 5,
};

let operator: SharedWorld;
let store: string;

beforeAll(async () => {
  const world = await sharedWorld();
  store = uniqueName('glass');
  await createStore(world, store);
  operator = {
    ...world,
    adminToken: await createCredential(world, { roles: ['operator'], stores: [store] }),
  };
});

test('break-glass is opened for a request that lacks nothing', async () => {
  const opened = await open({});

  expect(opened).toMatchObject({ status: 201, body: { open: true } });
});

test.each([
  ['nobody', { principal: undefined }, 'principal'],
  ['a type without saying that all of it is meant', { principal: { type: 'User' } }, 'principal.every'],
  ['no actions', { actions: [] }, 'actions'],
  ['no time', { minutes: 0 }, 'minutes'],
  ['more than four hours', { minutes: 241 }, 'minutes'],
  ['no reason', { reason: ' ' }, 'reason'],
  ['no ticket', { ticket: '' }, 'ticket'],
  ['a reason that a terminal would obey', { reason: 'x\u001b[2J' }, 'reason'],
  ['an id that PostgreSQL cannot hold', { principal: { type: 'User', id: '\u0000' } }, 'principal.id'],
  [
    'an id in a spelling that no request has',
    { principal: { type: 'User', id: 'Jose\u0301' } },
    'principal.id',
  ],
  [
    'an action in a spelling that no request has',
    { actions: [{ type: 'Action', id: 'Jose\u0301' }] },
    'actions.0.id',
  ],
])('break-glass is refused for %s', async (_what, change, field) => {
  expect(await open(change)).toMatchObject({ status: 400, body: { field } });
});

function open(change: object) {
  return administer(operator, 'POST', `/v1/stores/${store}/break-glass`, { ...WANTED, ...change });
}
