import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBundleDirectory } from '../../services/bundles/files.ts';
import { createCredential, createStore, deploy, uniqueName } from '../support/shared-store.ts';
import { sharedWorld } from '../support/shared-world.ts';
import { type Agent, startAgent } from './agent/agent.ts';
import type { Scene, ToolCall } from './demo.ts';
import { createScene } from './scene.ts';
import { allowed, denied, forbidden, type Wanted } from './wanted.ts';

const READ: ToolCall = {
  principal: 'Agent::"build-bot"',
  action: 'file_read',
  resource: 'Repo::"palisade"',
  context: { input: { path: 'README.md' } },
};
const READ_SECRET: ToolCall = { ...READ, context: { input: { path: '.env' } } };

let folder: string;
let agent: Agent;
let scene: Scene;

beforeAll(async () => {
  const world = await sharedWorld();
  const store = uniqueName('scene');
  await createStore(world, store);
  const token = await createCredential(world, { stores: [store] });
  await deploy(world, store, (await readBundleDirectory('policies/coding-agent')).files);
  folder = await mkdtemp(join(tmpdir(), 'palisade-scene-'));
  agent = await startAgent({ addresses: [world.addresses.grpc], token, folder });
  scene = createScene({
    administration: world,
    agents: new Map([['bot', { agent, store }]]),
    tokens: new Map([['admin', world.adminToken]]),
    narrator: {
      title: () => undefined,
      step: () => undefined,
      detail: () => undefined,
      output: () => undefined,
    },
  });
});
afterAll(async () => {
  await agent.end();
  await rm(folder, { recursive: true });
});

test('the agent does what is allowed, and nothing else', async () => {
  const { reply } = await scene.ask('bot', READ, allowed('read-only-by-default'));
  await scene.ask('bot', READ_SECRET, forbidden('no-env-files'));
  await scene.ask('bot', { ...READ, members: { mode: 'CHECK' } }, allowed('read-only-by-default'));

  expect([...(await agent.deeds()).keys()]).toEqual([reply.decision_id]);
});

test.each<[string, ToolCall, Wanted]>([
  ['another decision', READ, denied('permitted')],
  ['another reason', READ_SECRET, denied('not_permitted')],
  ['other policies', READ_SECRET, forbidden('no-private-keys')],
  ['other obligations', READ, allowed('read-only-by-default', 'redact')],
])('an answer with %s is unexpected', async (_what, call, wanted) => {
  await expect(scene.ask('bot', call, wanted)).rejects.toThrow(/^file_read: wanted /);
});

test('other counts of answers are unexpected', async () => {
  await scene.askAtOnce('bot', [READ, READ_SECRET], { permitted: 1, forbidden: 1 });
  await expect(scene.askAtOnce('bot', [READ], { forbidden: 1 })).rejects.toThrow(/^wanted /);
});

test('what is not decided is unexpected, but where the story has it refused', async () => {
  const forged = { ...READ, context: { ...READ.context, pdp: {} } };

  await scene.askInVain('bot', forged, 'context.pdp');
  await expect(scene.ask('bot', forged, forbidden())).rejects.toThrow(/was not decided: INVALID_ARGUMENT/);
  await expect(scene.askInVain('bot', READ, 'context.pdp')).rejects.toThrow(/is not refused/);
});

test('a command that fails is unexpected, but where the story has it refused', async () => {
  const unknown = ['store', 'list', '--nothing'];

  await scene.palisade('admin', unknown, 'unknown option');
  await expect(scene.palisade('admin', unknown)).rejects.toThrow(/ended otherwise/);
  await expect(scene.palisade('admin', ['store', 'list'], 'unknown option')).rejects.toThrow(
    /ended otherwise/,
  );
});
