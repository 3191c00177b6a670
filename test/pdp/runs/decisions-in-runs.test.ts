import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../support/decision-client.ts';
import { grpcMessage, type Question, restBody } from '../../support/question.ts';
import { restRuns } from '../../support/run-client.ts';
import { recordOf } from '../../support/shared-store.ts';
import { askIn, question, type RunStore, startedIn, storeWith } from './run-store.ts';
import { agentBundle, BOT } from './support.ts';

const NO_RUN = 'start one, and send its run_id';

let store: RunStore;
beforeAll(async () => {
  store = await storeWith(agentBundle());
});

const ask = (...asked: Parameters<typeof question>) => askIn(store, ...asked);
const read = (file: string, run?: string) => ask('read', run, { resource: `File::"${file}"` });
const started = (members?: Readonly<Record<string, unknown>>) => startedIn(store, members);

describe('an action that needs a run', () => {
  test('is denied without one, in one of another principal or credential, and in one that has ended', async () => {
    const ended = await started();
    await store.runs.end(ended);
    const foreign = await restRuns(store.world.addresses, `Bearer ${store.other}`).start({ principal: BOT });
    const helpers = await started({ principal: { type: 'Bot', id: 'helper' } });
    for (const [run, refusal, words] of [
      [undefined, 'missing', NO_RUN],
      ['my-run', 'unknown', NO_RUN],
      [randomUUID(), 'unknown', NO_RUN],
      [String(foreign['run_id']), 'unknown', NO_RUN],
      [helpers, 'unknown', NO_RUN],
      [ended, 'ended', 'The run has ended'],
    ] as const) {
      const denied = await ask('post', run);
      expect(denied).toMatchObject({
        decision: 'deny',
        reason_code: 'not_permitted',
        message: expect.stringContaining(words),
      });
      expect(await recordOf(store.world, denied)).toMatchObject({
        run_refusal: refusal,
        policy_decision: 'allow',
        facts: { run: { labels: [] } },
      });
      expect(await read('readme', run)).toMatchObject({ reason_code: 'not_permitted' });
      expect(await ask('spend', run, { context: '{"input":{"amount":1}}' })).toMatchObject({
        reason_code: 'not_permitted',
      });
    }
  });

  test('is judged by what the run has read, over both transports, and the record says what it took', async () => {
    const run = await started();
    expect(await ask('post', run)).toMatchObject({ decision: 'allow' });
    expect(await read('readme', run)).toMatchObject({ decision: 'allow' });
    const secret = await store.client.grpc(grpcMessage(question('read', run, { resource: 'File::"keys"' })));
    expect(secret).toMatchObject({ decision: 'allow' });
    expect(await recordOf(store.world, secret)).toMatchObject({
      labels_taken: ['internal', 'public', 'secret'],
    });

    const denied = await store.client.grpc(grpcMessage(question('post', run)));
    expect(denied).toMatchObject({
      reason_code: 'forbidden',
      message: 'This run has read secrets, so it may not post.',
    });
    expect(await recordOf(store.world, denied)).toMatchObject({
      facts: { run: { labels: ['internal', 'public', 'secret'] } },
    });
    expect(await ask('post', await started())).toMatchObject({ decision: 'allow' });
  });

  test('takes labels of what the caller says as well, and is denied a label that the lattice does not know', async () => {
    const run = await started();
    const receive = (label: string) => ask('receive', run, { context: `{"input":{"label":"${label}"}}` });
    expect(await receive('pii')).toMatchObject({ decision: 'allow' });
    expect(await store.runs.get(run)).toMatchObject({ labels: ['internal', 'pii', 'public'], steps: 1n });

    const odd = await receive('Secret');
    expect(odd).toMatchObject({ reason_code: 'not_permitted', message: expect.stringContaining('"Secret"') });
    expect(await recordOf(store.world, odd)).toMatchObject({
      run_refusal: 'unknown_label',
      policy_decision: 'allow',
    });
    expect(await read('odd', run)).toMatchObject({ decision: 'deny' });
    expect(await store.runs.get(run)).toMatchObject({ labels: ['internal', 'pii', 'public'], steps: 1n });
  });

  test('is judged by what was allowed in the run before, and when', async () => {
    const run = await started();
    expect(await ask('deploy', run)).toMatchObject({ message: 'Run the tests first.' });
    expect(await ask('run_tests', run)).toMatchObject({ decision: 'allow' });
    expect(await ask('run_tests', 'some-other-run')).toMatchObject({ decision: 'allow' });
    const deployed = await ask('deploy', run);
    expect(deployed).toMatchObject({ decision: 'allow' });
    expect(await recordOf(store.world, deployed)).toMatchObject({
      facts: { run: { actions: { run_tests: { count: 1n } } } },
    });
    expect(await ask('deploy', run)).toMatchObject({ message: 'One deployment in each run.' });
  });

  test('is told by a check, which takes and counts nothing', async () => {
    const run = await started();
    const check = (action: string, more: Partial<Question> = {}) =>
      ask(action, run, { ...more, members: { run: { run_id: run }, mode: 'check' } });
    const checked = await check('read', { resource: 'File::"keys"' });
    expect(checked).toMatchObject({ decision: 'allow' });
    expect(await recordOf(store.world, checked)).not.toHaveProperty('labels_taken');
    expect(await check('run_tests')).toMatchObject({ decision: 'allow' });
    expect(await store.runs.get(run)).toMatchObject({ labels: [], steps: 0n });
    await ask('run_tests', run);
    expect(await check('deploy')).toMatchObject({ decision: 'allow', enforcement: 'check_only' });
    expect(await ask('post', undefined, { members: { mode: 'check' } })).toMatchObject({
      reason_code: 'not_permitted',
      enforcement: 'check_only',
    });
  });
});

describe('a tree of runs', () => {
  test('has one taint: what a child reads binds its parent, and the other way round', async () => {
    const root = await started();
    const helper = { type: 'Bot', id: 'helper' };
    const child = await started({ principal: helper, parent_run_id: root });
    await ask('read', child, { principal: 'Bot::"helper"', resource: 'File::"keys"' });

    expect(await ask('post', root)).toMatchObject({ reason_code: 'forbidden' });
    const second = await store.runs.start({ principal: helper, parent_run_id: child });
    expect(second).toMatchObject({ labels: ['internal', 'public', 'secret'] });
    expect(await ask('post', String(second['run_id']), { principal: 'Bot::"helper"' })).toMatchObject({
      reason_code: 'forbidden',
    });
  });

  test('has steps of its own in each run', async () => {
    const root = await started();
    const child = await started({ parent_run_id: root });
    await ask('run_tests', child);
    expect(await ask('deploy', root)).toMatchObject({ message: 'Run the tests first.' });
    expect(await ask('deploy', child)).toMatchObject({ decision: 'allow' });
  });

  test('has one budget, which ends with it', async () => {
    const spend = (run: string, amount: number) =>
      ask('spend', run, { context: `{"input":{"amount":${amount}}}` });
    const root = await started();
    const child = await started({ parent_run_id: root });
    expect(await spend(child, 7)).toMatchObject({
      decision: 'allow',
      limits: [
        { name: 'spent', used: 7n, max: 10n },
        { name: 'spent_in_an_hour', used: 7n, max: 12n },
      ],
    });
    expect(await spend(root, 4)).toMatchObject({
      reason_code: 'limit_exceeded',
      message: 'A limit would be exceeded: spent.',
    });
    expect(await spend(root, 3)).toMatchObject({ decision: 'allow' });
    expect(await spend(await started(), 10)).toMatchObject({ decision: 'allow' });
    expect(await spend(root, -1)).toMatchObject({ error: 'invalid_request' });
  });
});

test('where an action looks at the steps of its run, every call in a run counts, and none outside of one', async () => {
  const few = await storeWith(
    agentBundle({
      schema:
        'action finish appliesTo { principal: Bot, resource: Site, context: { pdp: { run: { steps: Long } } } };\n',
      policies: `@id("few-steps") @reason("Too many steps.")
forbid (principal, action == Action::"finish", resource) when { context.pdp.run.steps >= 2 };`,
    }),
  );
  const own = restRuns(store.world.addresses, `Bearer ${few.token}`);
  const [run, other] = [await own.start({ principal: BOT }), await own.start({ principal: BOT })];
  const call = (action: string, of?: Outcome) =>
    few.client.rest(restBody(question(action, of === undefined ? undefined : String(of['run_id']))));
  for (const of of [run, run, other, undefined])
    expect(await call('look', of)).toMatchObject({ decision: 'allow' });

  expect(await call('finish', run)).toMatchObject({ message: 'Too many steps.' });
  expect(await call('finish', other)).toMatchObject({ decision: 'allow' });
  expect(await own.get(String(run['run_id']))).toMatchObject({ steps: 2n });
});

test('an action that is counted in runs and limited is decided by its limit alone where there is no run', async () => {
  const files = new Map(agentBundle());
  const manifest = String(files.get('bundle.yaml'));
  const limit = `  - { name: tested, actions: ['Action::"run_tests"'], key: [principal], window: 1h, max: 3 }\n`;
  const limited = manifest
    .replace('limits:\n', `limits:\n${limit}`)
    .replace('name: agent-', 'name: limited-');
  const own = await storeWith(files.set('bundle.yaml', Buffer.from(limited)));
  const run = await restRuns(store.world.addresses, `Bearer ${own.token}`).start({ principal: BOT });
  const outcomes: Outcome[] = [];
  for (const id of [undefined, 'run-1', String(run['run_id']), randomUUID()])
    outcomes.push(await own.client.rest(restBody(question('run_tests', id))));
  const keyed = question('run_tests', undefined, { members: { idempotency_key: 'k' } });
  expect(await store.client.rest(restBody(keyed))).toMatchObject({ decision: 'allow' });

  expect(outcomes.map((outcome) => outcome['reason_code'])).toEqual([
    'permitted',
    'permitted',
    'permitted',
    'limit_exceeded',
  ]);
});

test('people are not asked for a call whose run does not stand', async () => {
  const files = new Map(
    agentBundle({
      policies: `@id("ask-first") @approval("Group::\\"leads\\"")
forbid (principal, action == Action::"receive", resource) unless { context.pdp has approval };`,
      schema: 'entity Group;\n',
    }),
  );
  const schema = String(files.get('schema.cedarschema')).replace(
    'context: { input: { label: String } }',
    'context: { input: { label: String }, pdp: { approval?: { by: Set<String>, at: datetime, count: Long } } }',
  );
  const own = await storeWith(files.set('schema.cedarschema', Buffer.from(schema)));
  const runs = restRuns(store.world.addresses, `Bearer ${own.token}`);
  const run = String((await runs.start({ principal: BOT }))['run_id']);
  const receive = () =>
    own.client.rest(restBody(question('receive', run, { context: '{"input":{"label":"public"}}' })));
  expect(await receive()).toMatchObject({ reason_code: 'approval_required' });
  await runs.end(run);
  expect(await receive()).toMatchObject({ reason_code: 'not_permitted' });
});
