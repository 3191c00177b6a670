import { describe, expect, test } from 'vitest';
import { type LimitUse, readLimits } from '../../services/store/limits/uses.ts';
import { settleDecision } from '../../services/store/settlement.ts';
import { calendar, decision, SLIDING, use, withLimits } from './limits/support.ts';

const settlement = (...uses: readonly LimitUse[]) => ({ ...decision(...uses), store: 'default' });

describe('settling one decision', () => {
  test('takes all that it takes, and says what is used', async () => {
    await withLimits({ a: SLIDING, b: calendar('day') }, async ({ serving }) => {
      expect(await settleDecision(serving, settlement(use('b', 9, 4), use('a', 2, 2)))).toEqual({
        outcome: 'settled',
        counts: [
          { name: 'a', used: 2n, resetsAt: expect.any(Number) },
          { name: 'b', used: 4n, resetsAt: expect.any(Number) },
        ],
      });
      expect(await settleDecision(serving, settlement())).toEqual({ outcome: 'settled', counts: [] });
    });
  });

  test('takes nothing where one of its limits has no room, or is not known', async () => {
    await withLimits({ a: SLIDING, b: calendar('day') }, async ({ serving }) => {
      expect(await settleDecision(serving, settlement(use('a', 9, 1), use('b', 2, 3)))).toEqual({
        outcome: 'over_limit',
        counts: [
          { name: 'a', used: 0n, resetsAt: undefined },
          { name: 'b', used: 0n, resetsAt: expect.any(Number) },
        ],
      });
      expect(await settleDecision(serving, settlement(use('a', 9, 1), use('c', 2)))).toMatchObject({
        outcome: 'limit_unknown',
      });
      expect(await readLimits(serving, [decision(use('a', 9), use('b', 9))])).toMatchObject([
        [{ used: 0n }, { used: 0n }],
      ]);
    });
  });

  test('keeps counts exact over the whole range', async () => {
    await withLimits({ a: SLIDING }, async ({ serving }) => {
      const most = 9223372036854775807n;
      const huge = { ...use('a', 1), max: most, amount: most };

      expect(await settleDecision(serving, settlement(huge))).toMatchObject({ counts: [{ used: most }] });
    });
  });
});
