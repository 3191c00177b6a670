import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { repeat } from '../../services/pdp/repeat.ts';

test('does its work again and again, and never twice at once', async () => {
  let begun = 0;
  let running = 0;
  let most = 0;
  const enough = Promise.withResolvers<void>();
  const repeating = repeat(1, async () => {
    begun += 1;
    running += 1;
    most = Math.max(most, running);
    await sleep(5);
    running -= 1;
    if (begun === 3) enough.resolve();
  });
  await enough.promise;
  await repeating.stop();

  expect([most, running]).toEqual([1, 0]);
});

test('waits for what has begun when it is told to stop, and begins nothing after that', async () => {
  const first = Promise.withResolvers<void>();
  const ends = Promise.withResolvers<void>();
  let begun = 0;
  const repeating = repeat(1, () => {
    begun += 1;
    first.resolve();

    return ends.promise;
  });
  await first.promise;
  expect(repeating.isStopping()).toBe(false);
  let isStopped = false;
  const stopped = repeating.stop().then(() => {
    isStopped = true;
  });
  await sleep(5);
  expect([repeating.isStopping(), isStopped]).toEqual([true, false]);

  ends.resolve();
  await stopped;
  await sleep(5);
  expect(begun).toBe(1);
});
