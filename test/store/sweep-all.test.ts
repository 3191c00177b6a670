import { expect, test } from 'vitest';
import { sweepAll } from '../../services/store/sweep-all.ts';

/** Sweeps of which this many find more than one takes. */
function sweepsOf(more: number) {
  let left = more;

  return async () => {
    left -= 1;

    return { isMore: left >= 0 };
  };
}

test('sweeps until nothing is left, and not for ever', async () => {
  const never = (): boolean => false;

  expect(await sweepAll(sweepsOf(3), never)).toHaveLength(4);
  expect(await sweepAll(sweepsOf(0), never)).toHaveLength(1);
  expect(await sweepAll(sweepsOf(Number.POSITIVE_INFINITY), never)).toHaveLength(100);
});

test('ends where another process sweeps, or this one has to end', async () => {
  expect(
    await sweepAll(
      async () => undefined,
      () => false,
    ),
  ).toEqual([]);

  let rounds = 0;
  const all = await sweepAll(sweepsOf(9), () => {
    rounds += 1;

    return rounds > 2;
  });
  expect(all).toHaveLength(2);
});
