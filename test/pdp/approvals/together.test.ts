import { expect, test } from 'vitest';
import { createDecisionClient } from '../../support/decision-client.ts';
import { administer, createCredential } from '../../support/shared-store.ts';
import { idOf, useDesk } from './desk-world.ts';

// Payments in a run, with all that an allow can take: an approval, a step of the run, a limit of its tree, and a key.
const desk = useDesk({
  schema: (text) =>
    text.replace('pdp: { approval?: Approval }', 'pdp: { approval?: Approval, run: { steps: Long } }'),
  manifest: (text) =>
    `${text}limits: [{ name: paid, actions: ['Action::"pay"'], key: [run], lifetime: run, max: 1000, cost: input.amount }]\n`,
});

test('an approval, a run, a budget and a key are taken together, once', async () => {
  const { world, store, desk: ask } = desk.current;
  const token = await createCredential(world, { stores: [store] });
  const agent = { addresses: { admin: world.addresses.rest }, adminToken: token };
  const client = createDecisionClient(world.addresses, token);
  const principal = { type: 'Bot', id: 'bot' };
  await expect
    .poll(async () => (await administer(agent, 'POST', '/v1/runs', { principal })).status)
    .toBe(200);
  const open = async () =>
    String((await administer(agent, 'POST', '/v1/runs', { principal })).body['run_id']);
  const [run, other] = [await open(), await open()];
  const pay = (run_id: string, more: object = {}, amount = 400) =>
    client.rest(
      JSON.stringify({
        principal,
        action: { type: 'Action', id: 'pay' },
        resource: { type: 'Account', id: 'a' },
        context: { input: { amount } },
        run: { run_id },
        ...more,
      }),
    );

  const asked = await pay(run, { idempotency_key: 'k' });
  expect(asked).toMatchObject({ reason_code: 'approval_required', retry_after_ms: 2_000n });
  const approval_id = idOf(asked);
  expect(await pay(run, { idempotency_key: 'k' })).toMatchObject({
    replayed: true,
    approval: { approval_id },
  });
  expect(await pay('01a22697-2d29-754b-a348-b14a9004e1e3')).toMatchObject({
    decision: 'deny',
    reason_code: 'not_permitted',
  });
  await expect.poll(async () => (await ask('fay', 'GET', `/v1/approvals/${approval_id}`)).status).toBe(200);
  expect((await ask('fay', 'POST', `/v1/approvals/${approval_id}/approve`, {})).status).toBe(200);

  expect(await pay(other, { approval_id })).toMatchObject({ reason_code: 'approval_invalid' });
  expect(await pay(run, { approval_id, idempotency_key: 'k' })).toMatchObject({ error: 'conflict' });
  const all = await Promise.all([1, 2, 3].map(() => pay(run, { approval_id, idempotency_key: 'l' })));
  const allowed = all.filter((one) => one['decision'] === 'allow');
  expect(new Set(allowed.map((one) => one['decision_id'])).size).toBe(1);
  expect(await pay(run, { approval_id, idempotency_key: 'l' })).toMatchObject({
    decision: 'allow',
    replayed: true,
    approval: { approval_id, status: 'consumed' },
  });
  expect(await pay(run, { approval_id })).toMatchObject({ reason_code: 'approval_invalid' });

  expect((await administer(agent, 'GET', `/v1/runs/${run}`)).body).toMatchObject({ steps: 1n });
  expect(await pay(run, {}, 1)).toMatchObject({ decision: 'allow', limits: [{ name: 'paid', used: 401n }] });
  client.close();
});
