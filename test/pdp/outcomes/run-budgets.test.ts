import { beforeAll, expect, test } from 'vitest';
import { createDecisionClient, type Outcome } from '../../support/decision-client.ts';
import { createOutcomeClient } from '../../support/outcome-client.ts';
import { restBody } from '../../support/question.ts';
import { restRuns } from '../../support/run-client.ts';
import { createCredential, createStore, deploy, uniqueName } from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { agentBundle } from '../runs/support.ts';

let world: SharedWorld;
beforeAll(async () => {
  world = await sharedWorld();
});

/** An agent that may spend 10 in each run, where what was not spent comes back. */
async function agent() {
  const store = uniqueName('budgets');
  await createStore(world, store);
  const token = await createCredential(world, { stores: [store] });
  const files = new Map(agentBundle());
  const manifest = files.get('bundle.yaml')?.toString() ?? '';
  files.set(
    'bundle.yaml',
    Buffer.from(
      manifest
        .replaceAll('cost: input.amount }', 'cost: input.amount, refundable: true }')
        .replace('name: agent-', 'name: refunded-'),
    ),
  );
  await deploy(world, store, files);
  const decisions = createDecisionClient(world.addresses, token);
  const outcomes = createOutcomeClient(world.addresses, token);
  const runs = restRuns(world.addresses, `Bearer ${token}`);
  const start = async (parent_run_id = '') =>
    String((await runs.start({ principal: { type: 'Bot', id: 'b' }, parent_run_id }))['run_id']);

  return {
    runs,
    start,
    report: ({ decision_id }: Outcome, body: string) => outcomes.rest(decision_id, body),

    spend: (run_id: string, amount: number, members = {}) =>
      decisions.rest(
        restBody({
          principal: 'Bot::"b"',
          action: 'Action::"spend"',
          resource: 'Site::"s"',
          context: `{"input":{"amount":${amount}}}`,
          members: { run: { run_id }, ...members },
        }),
      ),
  };
}

test('what a child did not spend comes back to the budget of its tree, and what it spent beyond is charged there', async () => {
  const { start, spend, report } = await agent();
  const root = await start();
  const child = await start(root);
  const first = await spend(child, 8);
  expect(await spend(root, 3)).toMatchObject({ reason_code: 'limit_exceeded' });

  expect(await report(first, '{"outcome":"success","cost":{"spent":2,"spent_in_an_hour":2}}')).toMatchObject({
    limits: [
      { name: 'spent', reserved: 8n, charged: 2n },
      { name: 'spent_in_an_hour', reserved: 8n, charged: 2n },
    ],
  });
  const second = await spend(root, 3);
  expect(second).toMatchObject({ decision: 'allow' });
  await report(second, '{"outcome":"success","cost":{"spent":20}}');
  expect(await spend(child, 0)).toMatchObject({
    reason_code: 'limit_exceeded',
    limits: [{ name: 'spent', used: 22n }, { name: 'spent_in_an_hour' }],
  });
});

test('a denial by the budget of a run says nothing of when to ask again', async () => {
  const { start, spend } = await agent();
  const run = await start();
  await spend(run, 10);
  const denied = await spend(run, 1);

  expect(denied).toMatchObject({ reason_code: 'limit_exceeded' });
  expect(denied).not.toHaveProperty('retry_after_ms');
});

test('a call under a key is one step of its run, and is told again after the run has ended', async () => {
  const { runs, start, spend } = await agent();
  const run = await start();
  const key = { idempotency_key: 'in-a-run' };
  const first = await spend(run, 4, key);
  expect(await spend(run, 4, key)).toEqual({ ...first, replayed: true });
  expect(await runs.end(run)).toMatchObject({ steps: 1n, open: false });

  expect(await spend(run, 4, key)).toEqual({ ...first, replayed: true });
  expect(await spend(run, 4)).toMatchObject({ decision: 'deny' });
});
