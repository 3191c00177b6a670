import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deployFolder, withWorld } from '../support/server.ts';

const PUSH_TO_MAIN = {
  principal: { type: 'Agent', id: 'build-bot' },
  action: { type: 'Action', id: 'git_push' },
  resource: { type: 'Repo', id: 'palisade' },
  context: { input: { branch: 'main' } },
};

test('a server that was given a bundle decides by it, keeps the record, and stops at SIGTERM', async () => {
  await withWorld(async (world) => {
    const server = await world.serve();
    const digest = await deployFolder(world, server.addresses.admin, 'policies/coding-agent');

    const response = await fetch(`http://${server.addresses.rest}/v1/authorize`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.runtimeToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(PUSH_TO_MAIN),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      decision: 'deny',
      reason_code: 'forbidden',
      bundle: { name: 'coding-agent', digest },
    });

    expect(await server.stop()).toBe(0);
  });
});

test('a server that is killed leaves to the next one what Node compiled', async () => {
  await withWorld(async (world) => {
    const cache = join(world.home, 'compiled');
    const server = await world.serve({ NODE_COMPILE_CACHE: cache });
    await server.kill();

    expect((await readdir(cache, { recursive: true })).length).toBeGreaterThan(500);
  });
});
