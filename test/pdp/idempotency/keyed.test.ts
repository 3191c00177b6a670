import { beforeAll, describe, expect, test } from 'vitest';
import { createDecisionClient, type Outcome } from '../../support/decision-client.ts';
import { grpcMessage, restBody } from '../../support/question.ts';
import { administer, createCredential, deploy, uniqueName } from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { sendBundle } from '../limits/support.ts';
import { question, SPENDING, type Spending, spending } from '../outcomes/support.ts';

let world: SharedWorld;
let runtime: Spending;
beforeAll(async () => {
  world = await sharedWorld();
  runtime = await spending(world);
});

const keyed = (idempotency_key: string) => ({ idempotency_key });

describe('the same request again under its key', () => {
  test('gets the first reply over both transports, uses nothing and leaves no second record', async () => {
    const own = await spending(world);
    const first = await own.spend(40, { ...keyed('pay-1'), request_id: 'r-1' });
    const rest = await own.spend(40, { ...keyed('pay-1'), request_id: 'r-2' });
    const grpc = await own.decisions.grpc(grpcMessage({ ...question(40), members: keyed('pay-1') }));

    expect(first).toMatchObject({ decision: 'allow', replayed: false, request_id: 'r-1' });
    expect(rest).toEqual({ ...first, replayed: true, request_id: 'r-2' });
    const { request_id: _, ...nameless } = rest;
    expect(grpc).toEqual(nameless);
    expect(await own.used()).toEqual(['sent 1', 'spent 40']);
    expect(await recordsOf(own)).toHaveLength(1);
  });

  test('gets the same deny, also when it would be allowed by now', async () => {
    const own = await spending(world);
    const { decision_id } = await own.spend(100);
    const denied = await own.spend(1, keyed('later'));
    expect(denied).toMatchObject({
      reason_code: 'limit_exceeded',
      limits: [{ name: 'sent' }, { used: 100n }],
    });
    await own.outcomes.rest(decision_id, '{"outcome":"failure"}');

    expect(await own.spend(1, keyed('later'))).toEqual({ ...denied, replayed: true });
    expect(await own.spend(1, keyed('new'))).toMatchObject({ decision: 'allow' });
  });

  test('is kept of an action that no limit counts', async () => {
    const look = restBody({ ...question(1), action: 'Action::"look"', members: keyed('look-1') });
    const first = await runtime.decisions.rest(look);

    expect(first).toMatchObject({ decision: 'allow', replayed: false });
    expect(await runtime.decisions.rest(look)).toEqual({ ...first, replayed: true });
  });

  test('gets it after a deployment in between as well', async () => {
    const own = await spending(world);
    const first = await own.spend(40, keyed('over-a-deployment'));
    const digest = await deploy(world, own.store, sendBundle(SPENDING, { version: '2.0.0' }));
    const again = await own.spend(40, keyed('over-a-deployment'));

    expect(again).toEqual({ ...first, replayed: true });
    expect(await own.spend(1, keyed('after-it'))).toMatchObject({ bundle: { digest } });
  });
});

describe('another request under a key', () => {
  test.each<[string, number, Parameters<Spending['spend']>[1]]>([
    ['of another context', 2, {}],
    ['of another run', 1, { run: { run_id: 'other' } }],
    ['that supports other obligations', 1, { supported_obligations: ['log'] }],
    ['that names an approval', 1, { approval_id: '0199a000-0000-7000-8000-000000000000' }],
  ])('%s is a conflict, and is not decided', async (what, n, members) => {
    await runtime.spend(1, keyed(what));
    const before = await runtime.used();

    expect(await runtime.spend(n, { ...members, ...keyed(what) })).toMatchObject({
      error: 'conflict',
      field: 'idempotency_key',
    });
    expect(await runtime.used()).toEqual(before);
  });

  test('that asks for more detail is a conflict', async () => {
    const token = await createCredential(world, { stores: [runtime.store], full_detail: true });
    const client = createDecisionClient(world.addresses, token);
    const ask = (detail: string) =>
      client.rest(
        restBody({ ...question(1), action: 'Action::"look"', members: { detail, ...keyed('detail') } }),
      );
    await expect.poll(() => ask('basic')).toMatchObject({ decision: 'allow' });

    expect(await ask('full')).toMatchObject({ error: 'conflict', field: 'idempotency_key' });
    client.close();
  });

  test('of another credential or store is none of its business', async () => {
    const token = await createCredential(world, { stores: [runtime.store] });
    const colleague = createDecisionClient(world.addresses, token);
    const elsewhere = await spending(world);
    const first = await runtime.spend(1, keyed('mine'));
    const theirs = await colleague.rest(restBody({ ...question(2), members: keyed('mine') }));

    expect(theirs).toMatchObject({ decision: 'allow', replayed: false });
    expect(theirs['decision_id']).not.toBe(first['decision_id']);
    expect(await elsewhere.spend(3, keyed('mine'))).toMatchObject({ decision: 'allow', replayed: false });
  });
});

describe('a key', () => {
  test('is not taken by an error', async () => {
    expect(await runtime.spend(-1, keyed('error'))).toMatchObject({ error: 'invalid_request' });

    expect(await runtime.spend(1, keyed('error'))).toMatchObject({ decision: 'allow', replayed: false });
  });

  test.each([
    ['over 128 bytes', 'a'.repeat(129), 'too_large'],
    ['that is not ASCII', 'clé', 'invalid_request'],
    ['with a control character', 'a\nb', 'invalid_request'],
  ])('%s is refused', async (_what, key, error) => {
    expect(await runtime.spend(1, keyed(key))).toMatchObject({ error, field: 'idempotency_key' });
  });

  test('of 128 printable characters is taken', async () => {
    const key = `${uniqueName('k')} ~!`.padEnd(128, 'x');

    expect(await runtime.spend(1, keyed(key))).toMatchObject({ replayed: false });
    expect(await runtime.spend(1, keyed(key))).toMatchObject({ replayed: true });
  });

  test('is refused to a check, and to a caller without a credential', async () => {
    const field = 'idempotency_key';
    expect(await runtime.spend(1, { mode: 'check', ...keyed('c') })).toMatchObject({
      error: 'invalid_request',
      field,
    });
    const anonymous = createDecisionClient(world.addresses);

    expect(await anonymous.rest(restBody({ ...question(1), members: keyed('c') }))).toMatchObject({
      error: 'permission_denied',
      field,
    });
  });

  test('is claimed once in a batch, in its order', async () => {
    const own = await spending(world);
    const item = restBody({ ...question(10), members: keyed('batch') });
    const response = await fetch(`http://${world.addresses.rest}/v1/authorize/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${own.token}`, 'content-type': 'application/json' },
      body: `{"requests":[${item},${item}]}`,
    });
    const { results } = (await response.json()) as { results: { response: Outcome }[] };

    expect(results.map(({ response: { replayed } }) => replayed)).toEqual([false, true]);
    expect(await own.used()).toEqual(['sent 1', 'spent 10']);
  });
});

/** Records of decisions of a store, once its newest decision is in the log. */
async function recordsOf(own: Spending): Promise<readonly unknown[]> {
  const last = await own.spend(0);
  for (;;) {
    const { body } = await administer(world, 'GET', '/v1/decisions?limit=1000');
    const records = (body['records'] as Readonly<Record<string, unknown>>[]).filter(
      ({ kind, store }) => kind === 'decision' && store === own.store,
    );
    const others = records.filter(({ decision_id }) => decision_id !== last['decision_id']);
    if (others.length < records.length) return others;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
