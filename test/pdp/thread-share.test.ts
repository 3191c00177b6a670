import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../services/engine/error.ts';
import { createFallbackShare } from '../../services/pdp/thread-share.ts';

/** What may have been saved up, and one piece of work that began while there was something left. */
const SAVED_MS = 500;
const LONGEST_MS = 50;

interface Ask {
  readonly pauseMs: number;
  readonly workMs: number;
}

const asks = fc.array(
  fc.record({ pauseMs: fc.nat({ max: 20 }), workMs: fc.integer({ min: 1, max: LONGEST_MS }) }),
  { maxLength: 200 },
);

/** Does what is asked as far as it is let, on a clock of its own. */
function take(list: readonly Ask[], fails: boolean): { readonly worked: number; readonly passed: number } {
  let now = 0;
  let worked = 0;
  const share = createFallbackShare(() => now);
  for (const { pauseMs, workMs } of list) {
    now += pauseMs;
    try {
      share.run(() => {
        now += workMs;
        worked += workMs;
        if (fails) throw new RangeError('it fails');
      });
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof PdpError && error.code === 'unavailable'))
        throw error;
    }
  }

  return { worked, passed: now };
}

describe('the share of bundles that Cedar judges in place of the compiled policies', () => {
  test('is half of the time that passes, and what was saved up before; work that fails counts as well', () => {
    fc.assert(
      fc.property(asks, fc.boolean(), (list, fails) => {
        const { worked, passed } = take(list, fails);

        expect(worked).toBeLessThanOrEqual(SAVED_MS + passed / 2 + LONGEST_MS);
      }),
    );
  });

  test('refuses nothing where there are pauses as long as the work', () => {
    fc.assert(
      fc.property(asks, (list) => {
        const paced = list.map(({ workMs }) => ({ workMs, pauseMs: workMs }));

        expect(take(paced, false).worked).toBe(paced.reduce((sum, { workMs }) => sum + workMs, 0));
      }),
    );
  });

  test('gives back what the work gives', () => {
    expect(createFallbackShare().run(() => 42)).toBe(42);
  });
});
