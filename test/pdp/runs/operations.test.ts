import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { grpcRuns, restRuns } from '../../support/run-client.ts';
import { administer, recordOf } from '../../support/shared-store.ts';
import { askIn, type RunStore, startedIn, storeWith } from './run-store.ts';
import { agentBundle, BOT } from './support.ts';

let store: RunStore;
beforeAll(async () => {
  store = await storeWith(agentBundle());
});

describe.each([
  ['REST', restRuns],
  ['gRPC', grpcRuns],
] as const)('over %s a run', (_transport, over) => {
  test('is opened, told of and ended once, and what was started in it ends too', async () => {
    const own = over(store.world.addresses, `Bearer ${store.token}`);
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
      (await over(store.world.addresses, `Bearer ${store.token}`).start({ principal: BOT }))['run_id'],
    );
    const other = over(store.world.addresses, `Bearer ${store.other}`);
    for (const id of [root, randomUUID(), 'run-1']) {
      expect(await other.get(id)).toMatchObject({ error: 'not_found', field: 'run_id' });
      expect(await other.end(id)).toMatchObject({ error: 'not_found', field: 'run_id' });
      expect(await other.start({ principal: BOT, parent_run_id: id })).toMatchObject({
        error: 'not_found',
        field: 'parent_run_id',
      });
    }
    expect(await over(store.world.addresses, `Bearer ${store.token}`).get(root)).toMatchObject({
      open: true,
    });
  });

  test('is refused to whoever administers', async () => {
    const root = await startedIn(store);
    const admin = over(store.world.addresses, `Bearer ${store.world.adminToken}`);
    for (const answer of [admin.get(root), admin.end(root), admin.start({ principal: BOT })]) {
      expect(await answer).toMatchObject({ error: 'permission_denied' });
    }
  });

  test('is opened for whom the credential may speak for, by a name that a request can have', async () => {
    const bound = over(store.world.addresses, `Bearer ${store.bound}`);
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
      expect(await over(store.world.addresses, `Bearer ${store.token}`).start(members)).toMatchObject({
        error,
      });
    }
  });
});

test('what is started and ended is in the log, by whom and with what it knew by then', async () => {
  const run = await store.runs.start({ principal: BOT, conversation_id: 'c-2', request_id: 'r-2' });
  const id = String(run['run_id']);
  await askIn(store, 'read', id, { resource: 'File::"keys"' });
  const child = await store.runs.start({ principal: { type: 'Bot', id: 'helper' }, parent_run_id: id });
  const ended = await store.runs.end(id);
  const again = await store.runs.end(id);
  await store.runs.end(String(child['run_id']));

  const told = { kind: 'run', store: store.name, principal: BOT, root_run_id: id };
  expect(await recordOf(store.world, run)).toMatchObject({
    ...told,
    action: 'start_run',
    request_id: 'r-2',
    run: { run_id: id, parent_run_id: '', conversation_id: 'c-2' },
    labels: [],
    steps: 0n,
  });
  expect(await recordOf(store.world, child)).toMatchObject({
    action: 'start_run',
    root_run_id: id,
    run: { parent_run_id: id },
    labels: ['internal', 'public', 'secret'],
  });
  expect(await recordOf(store.world, ended)).toMatchObject({
    ...told,
    action: 'end_run',
    labels: ['internal', 'public', 'secret'],
    steps: 1n,
  });
  const { body } = await administer(store.world, 'GET', `/v1/decisions?trace_id=${again['trace_id']}`);
  expect(body['records']).toEqual([]);
});

test('a run is told to those who look after its store, with what was allowed in it and by whose credential', async () => {
  const run = await startedIn(store);
  await askIn(store, 'run_tests', run);
  await askIn(store, 'run_tests', run);
  const path = `/v1/stores/${store.name}/runs/${run}`;
  const { status, body } = await administer(store.world, 'GET', path);

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
    expect(await administer(store.world, 'GET', absent)).toMatchObject({ status: 404 });
});
