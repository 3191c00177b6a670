import { expect, test } from 'vitest';
import { eachInSteps, inSteps } from '../../services/engine/steps.ts';

test('rests between the steps, and after no more than a thousand items', async () => {
  const seen: number[] = [];
  let most = 0;
  let before = 0;
  await inSteps(
    eachInSteps(Array.from({ length: 4_500 }), (_, index) => seen.push(index)),
    async () => {
      most = Math.max(most, seen.length - before);
      before = seen.length;
    },
  );

  expect(most).toBe(1_000);
  expect(seen).toEqual(Array.from({ length: 4_500 }, (_, index) => index));
});
