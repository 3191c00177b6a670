import { expect, test } from 'vitest';
import { SWEEP_LOCKS, sweepAlone } from '../../services/store/sweep-alone.ts';
import { withDatabase } from '../support/postgres.ts';

test('sweeps one thing once at a time, and holds up nobody who sweeps another', async () => {
  await withDatabase(async ({ serving }) => {
    for (const what of Object.keys(SWEEP_LOCKS) as (keyof typeof SWEEP_LOCKS)[]) {
      const others = Object.keys(SWEEP_LOCKS).filter((other) => other !== what) as (typeof what)[];
      const swept = await sweepAlone(serving, what, async () => ({
        again: await sweepAlone(serving, what, async () => 'swept'),
        others: await Promise.all(others.map((other) => sweepAlone(serving, other, async () => 'swept'))),
      }));

      expect(swept).toEqual({ again: undefined, others: others.map(() => 'swept') });
    }
  });
});
