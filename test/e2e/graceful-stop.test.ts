import { expect, test } from 'vitest';
import { stopUnderLoad } from '../chaos/graceful-stop.ts';
import { withWorld } from '../support/server.ts';

test('a server stopped under load answers or refuses every request, and leaves nothing behind', {
  timeout: 120_000,
}, async () => {
  await withWorld(async (world) => {
    const { answers, problems } = await stopUnderLoad(world);

    expect(problems).toEqual([]);
    expect(answers).toBeGreaterThan(0);
  });
});
