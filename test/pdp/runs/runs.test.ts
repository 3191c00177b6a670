import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createDecisionClient, type DecisionClient, type Outcome } from '../../support/decision-client.ts';
import { grpcMessage, type Question, restBody } from '../../support/question.ts';
import { grpcRuns, type RunClient, restRuns } from '../../support/run-client.ts';
import {
  administer,
  createCredential,
  createStore,
  deploy,
  recordOf,
  uniqueName,
} from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { agentBundle } from './support.ts';

const BOT = { type: 'Bot', id: 'b' };
const NO_RUN = 'start one, and send its run_id';

interface Store {
  readonly name: string;
  readonly token: string;
  /** Of another credential, and of one that speaks for one bot alone. */
  readonly other: string;
  readonly bound: string;
  readonly client: DecisionClient;
}

let world: SharedWorld;
let store: Store;
beforeAll(async () => {
  world = await sharedWorld();
  store = await storeWith(agentBundle());
});

async function storeWith(files: ReturnType<typeof agentBundle>): Promise<Store> {
  const name = uniqueName('runs');
  await createStore(world, name);
  const token = await createCredential(world, { stores: [name] });
  const other = await createCredential(world, { stores: [name] });
  const principals = [{ type: 'Bot', ids: ['b'] }];
  const bound = await createCredential(world, { stores: [name], principals });
  await deploy(world, name, files);

  return { name, token, other, bound, client: createDecisionClient(world.addresses, token) };
}

function question(action: string, run?: string, more: Partial<Question> = {}): Question {
  return {
    principal: 'Bot::"b"',
    action: `Action::"${action}"`,
    resource: 'Site::"s"',
    members: run === undefined ? {} : { run: { run_id: run } },
    ...more,
  };
}

const ask = (...asked: Parameters<typeof question>): Promise<Outcome> =>
  store.client.rest(restBody(question(...asked)));
const read = (file: string, run?: string) => ask('read', run, { resource: `File::"${file}"` });
const runs = (): RunClient => restRuns(world.addresses, `Bearer ${store.token}`);

async function started(members: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const run = await runs().start({ principal: BOT, ...members });

  return String(run['run_id'] ?? JSON.stringify(run));
}

describe.each([
  ['REST', restRuns],
  ['gRPC', grpcRuns],
] as const)('over %s a run', (_transport, over) => {
  test('is opened, told of and ended once, and what was started in it ends too', async () => {
    const own = over(world.addresses, `Bearer ${store.token}`);
    const run = await own.start({ principal: BOT, conversation_id: 'c-1', request_id: 'r-1' });
    const root = String(run['run_id']);
    expect(run).toEqual({
      run_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      principal: BOT,
      policy_store: store.name,
      root_run_id: root,
      conversation_id: 'c-1',
      labels: [],
      steps: 0n,
      open: true,
      started_at: expect.any(String),
      ends_at: expect.any(String),
      request_id: 'r-1',
      trace_id: expect.any(String),
    });
    const child = await own.start({ principal: { type: 'Bot', id: 'helper' }, parent_run_id: root });
    expect(child).toMatchObject({ parent_run_id: root, root_run_id: root, principal: { id: 'helper' } });

    const ended = await own.end(root);
    expect(ended).toMatchObject({ run_id: root, open: false });
    expect(await own.end(root)).toMatchObject({ open: false, ends_at: ended['ends_at'] });
    expect(await own.get(String(child['run_id']))).toMatchObject({ open: false });
    expect(await own.start({ principal: BOT, parent_run_id: root })).toMatchObject({
      error: 'precondition_failed',
      field: 'parent_run_id',
    });
  });

  test('is nothing to another credential, though of the same store, nor where there is none', async () => {
    const root = String(
      (await over(world.addresses, `Bearer ${store.token}`).start({ principal: BOT }))['run_id'],
    );
    const other = over(world.addresses, `Bearer ${store.other}`);
    for (const id of [root, randomUUID(), 'run-1']) {
      expect(await other.get(id)).toMatchObject({ error: 'not_found', field: 'run_id' });
      expect(await other.end(id)).toMatchObject({ error: 'not_found', field: 'run_id' });
      expect(await other.start({ principal: BOT, parent_run_id: id })).toMatchObject({
        error: 'not_found',
        field: 'parent_run_id',
      });
    }
    expect(await over(world.addresses, `Bearer ${store.token}`).get(root)).toMatchObject({ open: true });
  });

  test('is nothing for who administers', async () => {
    const root = await started();
    const admin = over(world.addresses, `Bearer ${world.adminToken}`);
    for (const answer of [admin.get(root), admin.end(root), admin.start({ principal: BOT })]) {
      expect(await answer).toMatchObject({ error: 'permission_denied' });
    }
  });

  test('is opened for whom the credential may speak for, by a name that a request can have', async () => {
    const bound = over(world.addresses, `Bearer ${store.bound}`);
    expect(await bound.start({ principal: BOT })).toMatchObject({ open: true });
    expect(await bound.start({ principal: { type: 'Bot', id: 'c' } })).toMatchObject({
      error: 'permission_denied',
      field: 'principal',
    });
    for (const [members, error] of [
      [{ principal: BOT, policy_store: 'default' }, 'permission_denied'],
      [{ principal: { type: 'no type', id: 'b' } }, 'invalid_request'],
      [{ principal: { type: 'Bot', id: 'e\u0301' } }, 'invalid_request'],
      [{ principal: { type: 'Bot', id: 'x'.repeat(254) } }, 'too_large'],
      [{}, 'invalid_request'],
    ] as const) {
      expect(await over(world.addresses, `Bearer ${store.token}`).start(members)).toMatchObject({ error });
    }
  });
});

describe('an action that needs a run', () => {
  test('is denied without one, in one of another principal or credential, and in one that has ended', async () => {
    const ended = await started();
    await runs().end(ended);
    const foreign = await restRuns(world.addresses, `Bearer ${store.other}`).start({ principal: BOT });
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
      expect(await recordOf(world, denied)).toMatchObject({
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
    expect(await recordOf(world, secret)).toMatchObject({ labels_taken: ['internal', 'public', 'secret'] });

    const denied = await store.client.grpc(grpcMessage(question('post', run)));
    expect(denied).toMatchObject({
      reason_code: 'forbidden',
      message: 'This run has read secrets, so it may not post.',
    });
    expect(await recordOf(world, denied)).toMatchObject({
      facts: { run: { labels: ['internal', 'public', 'secret'] } },
    });
    expect(await ask('post', await started())).toMatchObject({ decision: 'allow' });
  });

  test('takes labels of what the caller says as well, and is denied a label that the lattice does not know', async () => {
    const run = await started();
    const receive = (label: string) => ask('receive', run, { context: `{"input":{"label":"${label}"}}` });
    expect(await receive('pii')).toMatchObject({ decision: 'allow' });
    expect(await runs().get(run)).toMatchObject({ labels: ['internal', 'pii', 'public'], steps: 1n });

    const odd = await receive('Secret');
    expect(odd).toMatchObject({ reason_code: 'not_permitted', message: expect.stringContaining('"Secret"') });
    expect(await recordOf(world, odd)).toMatchObject({
      run_refusal: 'unknown_label',
      policy_decision: 'allow',
    });
    expect(await read('odd', run)).toMatchObject({ decision: 'deny' });
    expect(await runs().get(run)).toMatchObject({ labels: ['internal', 'pii', 'public'], steps: 1n });
  });

  test('is judged by what was allowed in the run before, and when', async () => {
    const run = await started();
    expect(await ask('deploy', run)).toMatchObject({ message: 'Run the tests first.' });
    expect(await ask('run_tests', run)).toMatchObject({ decision: 'allow' });
    expect(await ask('run_tests', 'some-other-run')).toMatchObject({ decision: 'allow' });
    const deployed = await ask('deploy', run);
    expect(deployed).toMatchObject({ decision: 'allow' });
    expect(await recordOf(world, deployed)).toMatchObject({
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
    expect(await recordOf(world, checked)).not.toHaveProperty('labels_taken');
    expect(await check('run_tests')).toMatchObject({ decision: 'allow' });
    expect(await runs().get(run)).toMatchObject({ labels: [], steps: 0n });
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
    const second = await runs().start({ principal: helper, parent_run_id: child });
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

test('what is started and ended is in the log, by whom and with what it knew by then', async () => {
  const run = await runs().start({ principal: BOT, conversation_id: 'c-2', request_id: 'r-2' });
  const id = String(run['run_id']);
  await read('keys', id);
  const child = await runs().start({ principal: { type: 'Bot', id: 'helper' }, parent_run_id: id });
  const ended = await runs().end(id);
  const again = await runs().end(id);
  await runs().end(String(child['run_id']));

  const told = { kind: 'run', store: store.name, principal: BOT, root_run_id: id };
  expect(await recordOf(world, run)).toMatchObject({
    ...told,
    action: 'start_run',
    request_id: 'r-2',
    run: { run_id: id, parent_run_id: '', conversation_id: 'c-2' },
    labels: [],
    steps: 0n,
  });
  expect(await recordOf(world, child)).toMatchObject({
    action: 'start_run',
    root_run_id: id,
    run: { parent_run_id: id },
    labels: ['internal', 'public', 'secret'],
  });
  expect(await recordOf(world, ended)).toMatchObject({
    ...told,
    action: 'end_run',
    labels: ['internal', 'public', 'secret'],
    steps: 1n,
  });
  const { body } = await administer(world, 'GET', `/v1/decisions?trace_id=${again['trace_id']}`);
  expect(body['records']).toEqual([]);
});

test('a run is told to those who look after its store, with what was allowed in it and by whose credential', async () => {
  const run = await started();
  await ask('run_tests', run);
  await ask('run_tests', run);
  const path = `/v1/stores/${store.name}/runs/${run}`;
  const { status, body } = await administer(world, 'GET', path);

  expect({ status, body }).toMatchObject({
    status: 200,
    body: {
      run_id: run,
      subject: expect.stringMatching(/^test-/),
      steps: 2n,
      actions: [{ action: { type: 'Action', id: 'run_tests' }, count: 2n, last: expect.any(String) }],
    },
  });
  for (const absent of [path.replace(store.name, 'default'), `/v1/stores/${store.name}/runs/${randomUUID()}`])
    expect(await administer(world, 'GET', absent)).toMatchObject({ status: 404 });
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
  const own = restRuns(world.addresses, `Bearer ${few.token}`);
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
  const run = await restRuns(world.addresses, `Bearer ${own.token}`).start({ principal: BOT });
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
  const runs = restRuns(world.addresses, `Bearer ${own.token}`);
  const run = String((await runs.start({ principal: BOT }))['run_id']);
  const receive = () =>
    own.client.rest(restBody(question('receive', run, { context: '{"input":{"label":"public"}}' })));
  expect(await receive()).toMatchObject({ reason_code: 'approval_required' });
  await runs.end(run);
  expect(await receive()).toMatchObject({ reason_code: 'not_permitted' });
});
