import { expect, test } from 'vitest';
import { killServers } from '../chaos/kill.ts';
import { createRandom, newSeed } from '../chaos/random.ts';
import { withWorld } from '../support/server.ts';

const KILLS = 3;

test('every reply of a server killed under load is in the log exactly once', {
  timeout: 120_000,
}, async () => {
  const seed = newSeed();
  await withWorld(async (world) => {
    let answers = 0;
    for await (const round of killServers(world, KILLS, createRandom(seed))) {
      expect(round.problems, `seed ${seed}`).toEqual([]);
      answers += round.answers;
    }
    expect(answers).toBeGreaterThan(0);
  });
});
