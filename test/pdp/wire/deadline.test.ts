import { describe, expect, test } from 'vitest';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import { withinDeadline } from '../../../services/pdp/wire/deadline.ts';

const NOBODY_LEAVES = new CallSignal();

describe('withinDeadline()', () => {
  test('gives what the work gives', async () => {
    await expect(withinDeadline(1_000, NOBODY_LEAVES, async () => 'done')).resolves.toBe('done');
  });

  test('throws what the work throws, also before its first wait', async () => {
    const work = () => {
      throw new RangeError('broken');
    };

    await expect(withinDeadline(1_000, NOBODY_LEAVES, work)).rejects.toThrow(RangeError);
  });

  test('is unavailable at the deadline, also where the work never ends, and aborts it', async () => {
    let aborted: CallSignal | undefined;
    const late = withinDeadline(20, NOBODY_LEAVES, ({ signal }) => {
      aborted = signal;
      return new Promise(() => undefined);
    });

    await expect(late).rejects.toMatchObject({ code: 'unavailable' });
    expect(aborted?.aborted).toBe(true);
  });

  test.each([-1_000, 0, Number.NEGATIVE_INFINITY])(
    'does not wait where %d ms are left',
    async (timeoutMs) => {
      const late = withinDeadline(timeoutMs, NOBODY_LEAVES, () => new Promise(() => undefined));

      await expect(late).rejects.toMatchObject({ code: 'unavailable' });
    },
  );

  test('tells the work when its caller leaves, or has left before', async () => {
    const caller = new CallSignal();
    const noticed = () =>
      withinDeadline(
        1_000,
        caller,
        ({ signal }) =>
          new Promise<string>((resolve) => {
            if (signal.aborted) resolve('left before');
            signal.onAbort(() => resolve('left'));
          }),
      );

    const during = noticed();
    caller.abort();
    await expect(during).resolves.toBe('left');
    await expect(noticed()).resolves.toBe('left before');
  });
});
