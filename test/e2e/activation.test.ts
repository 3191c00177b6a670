import { expect, test } from 'vitest';
import { activateSilently, activateUnderLoad } from '../chaos/activation.ts';
import { withWorld } from '../support/server.ts';

test('bundles activated in turns under load reach every process, and no decision fails or is mixed', {
  timeout: 180_000,
}, async () => {
  await withWorld(async (world) => {
    const { answers, problems } = await activateUnderLoad(world, 4);

    expect(problems).toEqual([]);
    expect(answers).toBeGreaterThan(0);
  });
});

test('an activation that nobody announces is found by polling alone', { timeout: 180_000 }, async () => {
  await withWorld(async (world) => {
    const { answers, problems } = await activateSilently(world, 2);

    expect(problems).toEqual([]);
    expect(answers).toBeGreaterThan(0);
  });
});
