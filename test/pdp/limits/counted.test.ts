import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { createPool } from '../../../services/store/pool.ts';
import { createDecisionClient, type DecisionClient, type Outcome } from '../../support/decision-client.ts';
import { grpcMessage, type Question, restBody } from '../../support/question.ts';
import {
  activate,
  administer,
  createCredential,
  createStore,
  deploy,
  pushBundle,
  recordOf,
  uniqueName,
} from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { sendBundle, sent } from './support.ts';

let world: SharedWorld;
beforeAll(async () => {
  world = await sharedWorld();
});

interface Store {
  readonly name: string;
  readonly client: DecisionClient;
}

async function storeWith(files: ReturnType<typeof sendBundle>): Promise<Store> {
  const name = uniqueName('limits');
  await createStore(world, name);
  const token = await createCredential(world, { stores: [name] });
  await deploy(world, name, files);

  return { name, client: createDecisionClient(world.addresses, token) };
}

function question(action: string, n = 1, sender = 's', members: Question['members'] = {}): Question {
  return {
    principal: `Sender::"${sender}"`,
    action: `Action::"${action}"`,
    resource: 'Box::"b"',
    context: `{"n":${n}}`,
    members,
  };
}

function ask({ client }: Store, ...asked: Parameters<typeof question>): Promise<Outcome> {
  return client.rest(restBody(question(...asked)));
}

async function usedIn({ name }: Store): Promise<readonly string[]> {
  const pool = createPool({ connection: world.databaseUrl, max: 1 });
  try {
    const { rows } = await pool.query(
      'select name, used from limit_counters where store = $1 order by name, key',
      [name],
    );

    return rows.map((row) => `${row['name']} ${row['used']}`);
  } finally {
    await pool.end();
  }
}

describe('a limited action', () => {
  test('is allowed as often as the limit says, over both transports, and recorded with what it used', async () => {
    const store = await storeWith(sendBundle(sent(3)));
    const first = await ask(store, 'send');
    const second = await store.client.grpc(grpcMessage(question('send')));
    const third = await ask(store, 'send');
    const fourth = await store.client.grpc(grpcMessage(question('send')));

    expect([first, second, third].map(({ decision }) => decision)).toEqual(['allow', 'allow', 'allow']);
    expect(second['limits']).toMatchObject([
      { name: 'sent', used: 2n, max: 3n, resets_at: expect.any(String) },
    ]);
    expect(fourth).toMatchObject({
      decision: 'deny',
      reason_code: 'limit_exceeded',
      message: 'A limit would be exceeded: sent.',
      limits: [{ name: 'sent', used: 3n, max: 3n }],
    });
    expect(await recordOf(world, third)).toMatchObject({
      limits: [{ name: 'sent', amount: 1n, used: 3n, max: 3n }],
    });
    expect(await recordOf(world, fourth)).toMatchObject({
      reason_code: 'limit_exceeded',
      policy_decision: 'allow',
      determining: ['anyone'],
    });
    expect(await ask(store, 'send', 1, 'other')).toMatchObject({ decision: 'allow' });
    expect(await usedIn(store)).toEqual(['sent 1', 'sent 3']);
  });

  test('uses nothing of one limit where another has no room', async () => {
    const store = await storeWith(sendBundle(`${sent(10)}, ${sent(1, { name: 'total', key: '[]' })}`));
    expect(await ask(store, 'send')).toMatchObject({ decision: 'allow' });
    expect(await ask(store, 'send')).toMatchObject({
      reason_code: 'limit_exceeded',
      message: 'A limit would be exceeded: total.',
    });

    expect(await usedIn(store)).toEqual(['sent 1', 'total 1']);
  });

  test('is denied by a policy that looks at the limit in its own words', async () => {
    const store = await storeWith(sendBundle(sent(1)));
    expect(await ask(store, 'peek')).toMatchObject({ decision: 'allow', limits: [{ used: 1n }] });

    const denied = await ask(store, 'peek');
    expect(denied).toMatchObject({
      reason_code: 'forbidden',
      message: 'Wait for tomorrow.',
      limits: [{ used: 1n }],
    });
    expect(await recordOf(world, denied)).toMatchObject({
      facts: { limits: { sent: { used: 1n, remaining: 0n, exhausted: true } } },
      determining: ['not-when-exhausted'],
    });
  });

  test('is counted in the order of a batch, each item by what those before it left', async () => {
    const store = await storeWith(sendBundle(sent(5, { cost: 'n' })));
    const requests = [3, 3, 1, 2, 1].map((n) => JSON.parse(restBody(question(n === 1 ? 'peek' : 'send', n))));
    const token = await createCredential(world, { stores: [store.name] });
    await administer(world, 'GET', '/v1/stores');
    const batch = async () =>
      (await fetch(`http://${world.addresses.rest}/v1/authorize/batch`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ requests }),
      })) as Response;
    let answered = await batch();
    while (answered.status === 401) {
      await sleep(50);
      answered = await batch();
    }
    const { results } = (await answered.json()) as { results: { response: { reason_code: string } }[] };

    expect(results.map(({ response }) => response.reason_code)).toEqual([
      'permitted',
      'limit_exceeded',
      'permitted',
      'limit_exceeded',
      'permitted',
    ]);
    expect(await usedIn(store)).toEqual(['sent 5']);
  });

  test('is not counted where nothing came of it', async () => {
    const store = await storeWith(sendBundle(sent(5)));
    await ask(store, 'send', 1, 's', { mode: 'check' });
    await ask(store, 'send', 1, 's', { expected_bundle_digest: `sha256:${'0'.repeat(64)}` });
    await ask(store, 'look');

    expect(await usedIn(store)).toEqual([]);
  });

  test('stays limited where its policies are only monitored', async () => {
    const nobody = sendBundle(sent(1), {
      policies: '@id("nobody") forbid (principal, action == Action::"send", resource);\n',
    });
    const store = await storeWith(nobody);
    await administer(world, 'POST', `/v1/stores/${store.name}/deployment/monitor`, {
      monitor: { policies: null },
    });

    expect(await ask(store, 'send')).toMatchObject({ decision: 'allow', enforcement: 'monitored' });
    expect(await ask(store, 'send')).toMatchObject({
      decision: 'deny',
      reason_code: 'limit_exceeded',
      enforcement: 'enforced',
    });
  });
});

test('a bundle that discloses the code alone tells no deny how much is used', async () => {
  const store = await storeWith(sendBundle(sent(1), { manifest: 'disclosure: reason_code\n' }));
  expect(await ask(store, 'send')).toMatchObject({ decision: 'allow', limits: [{ used: 1n }] });

  const denied = await ask(store, 'send');
  expect(denied).toMatchObject({ reason_code: 'limit_exceeded', message: 'A limit would be exceeded.' });
  expect(denied).not.toHaveProperty('limits');
  expect(await recordOf(world, denied)).toMatchObject({ limits: [{ name: 'sent', used: 1n }] });
});

test('a canary counts on the counters of the active bundle', async () => {
  const store = await storeWith(sendBundle(sent(2)));
  await ask(store, 'send');
  await ask(store, 'send');
  const pushed = await pushBundle(world, sendBundle(sent(3), { version: '1.1.0' }));
  const { status } = await administer(world, 'POST', `/v1/stores/${store.name}/deployment/canary`, {
    digest: pushed.body['digest'],
    percent: 100,
  });

  expect(status).toBe(200);
  expect(await ask(store, 'send')).toMatchObject({ decision: 'allow', limits: [{ used: 3n, max: 3n }] });
  expect(await ask(store, 'send')).toMatchObject({ reason_code: 'limit_exceeded' });
  expect(await usedIn(store)).toEqual(['sent 3']);
});

describe('a deployment', () => {
  test('keeps the counter of a limit whose maximum it changes, and is refused where it changes key or window', async () => {
    const store = await storeWith(sendBundle(sent(2)));
    await ask(store, 'send');
    await ask(store, 'send');
    await deploy(world, store.name, sendBundle(sent(3), { version: '1.1.0' }));
    expect(await ask(store, 'send')).toMatchObject({ decision: 'allow', limits: [{ used: 3n, max: 3n }] });
    await deploy(world, store.name, sendBundle(sent(1), { version: '1.2.0' }));
    expect(await ask(store, 'send')).toMatchObject({
      reason_code: 'limit_exceeded',
      limits: [{ used: 3n, max: 1n }],
    });

    for (const [version, changes] of Object.entries({ '2.0.0': { window: '2h' }, '2.1.0': { key: '[]' } })) {
      const pushed = await pushBundle(world, sendBundle(sent(3, changes), { version }));
      const { status, body } = await activate(world, store.name, String(pushed.body['digest']));

      expect({ status, code: body['code'] }).toEqual({ status: 412, code: 'precondition_failed' });
      expect(body['detail']).toContain('give it another name');
    }
    const both = `${sent(3)}, ${sent(3, { name: 'sent_2h', window: '2h' })}`;
    await deploy(world, store.name, sendBundle(both, { version: '3.0.0' }));
  });
});

describe('a denial for want of room', () => {
  test('says over both transports when to ask again: not before every limit in the way has some', async () => {
    const minute = sent(1, { name: 'short', window: '60s' });
    const hour = sent(1, { name: 'sent', window: '1h' });
    const store = await storeWith(sendBundle(`${minute}, ${hour}`));
    await ask(store, 'send');
    const rest = await ask(store, 'send');
    const grpc = await store.client.grpc(grpcMessage(question('send')));

    for (const { reason_code, retry_after_ms, limits } of [rest, grpc]) {
      const [{ resets_at }] = limits as [{ resets_at: string }];
      expect(reason_code).toBe('limit_exceeded');
      expect(retry_after_ms).toBeGreaterThan(3_590_000n);
      expect(retry_after_ms).toBeLessThanOrEqual(3_600_000n);
      expect(Number(retry_after_ms)).toBeCloseTo(Date.parse(resets_at) - Date.now(), -4);
    }
    expect(await ask(store, 'send', 1, 's', { mode: 'check' })).toHaveProperty('retry_after_ms');
    expect(await ask(store, 'send', 1, 'other')).not.toHaveProperty('retry_after_ms');
  });

  test('says nothing of it where no time will help, and where the bundle discloses the code alone', async () => {
    const never = await storeWith(sendBundle(sent(5, { cost: 'n' })));
    await ask(never, 'send', 1);
    expect(await ask(never, 'send', 6)).toMatchObject({ reason_code: 'limit_exceeded' });
    expect(await ask(never, 'send', 6)).not.toHaveProperty('retry_after_ms');
    expect(await ask(never, 'send', 5)).toHaveProperty('retry_after_ms');

    const terse = await storeWith(sendBundle(sent(1), { manifest: 'disclosure: reason_code\n' }));
    await ask(terse, 'send');
    expect(await ask(terse, 'send')).toMatchObject({ reason_code: 'limit_exceeded' });
    expect(await ask(terse, 'send')).not.toHaveProperty('retry_after_ms');
  });
});
