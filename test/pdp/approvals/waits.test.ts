import { expect, test } from 'vitest';
import { LIMITS } from '../../../services/engine/limits.ts';
import { createWaits } from '../../../services/pdp/approvals/waits.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import type { Database } from '../../../services/store/database.ts';
import { answer, asked } from '../../store/approvals/support.ts';
import { withDatabase } from '../../support/postgres.ts';

const bounds = (ms: number, signal = new CallSignal()) => ({ deadline: performance.now() + ms, signal });

test('any number of calls that wait cost one look at a time, and hear the answer', async () => {
  await withDatabase(async ({ serving }) => {
    const id = await asked(serving);
    let looks = 0;
    const counted: Database = {
      query(text, values) {
        looks += 1;

        return serving.query(text, values);
      },
    };
    const waits = createWaits(counted);
    const all = Array.from({ length: 50 }, () => waits.wait(id, 'default', 'agents', bounds(20_000)));
    await expect.poll(() => looks, { timeout: 20_000 }).toBeGreaterThan(52);
    expect(waits.waiting()).toBe(50);
    await answer(serving, id, 'fay');

    expect(new Set((await Promise.all(all)).map(({ status }) => status))).toEqual(new Set(['approved']));
    expect(looks).toBeLessThan(50 + 50);
    expect(waits.waiting()).toBe(0);
  });
});

test('a wait ends with its call, its time, its process, and with PostgreSQL', async () => {
  await withDatabase(async ({ serving }) => {
    const id = await asked(serving);
    let isAway = false;
    const waits = createWaits({
      query: (text, values) => (isAway ? Promise.reject(new Error('away')) : serving.query(text, values)),
    });
    const signal = new CallSignal();
    const cancelled = waits.wait(id, 'default', 'agents', bounds(20_000, signal));
    setTimeout(() => signal.abort(), 50);
    await expect(cancelled).rejects.toMatchObject({ code: 'unavailable' });
    await expect(waits.wait(id, 'default', 'agents', bounds(20_000, signal))).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(await waits.wait(id, 'default', 'agents', bounds(100))).toMatchObject({ status: 'pending' });

    const lost = waits.wait(id, 'default', 'agents', bounds(20_000));
    setTimeout(() => {
      isAway = true;
    }, 50);
    await expect(lost).rejects.toMatchObject({ code: 'unavailable' });
    isAway = false;

    const ended = waits.wait(id, 'default', 'agents', bounds(20_000));
    setTimeout(waits.end, 50);
    expect(await ended).toMatchObject({ status: 'pending' });
    expect(await waits.wait(id, 'default', 'agents', bounds(20_000))).toMatchObject({ status: 'pending' });
  });
});

test('no more than so many wait, and nobody for what another credential asked', async () => {
  await withDatabase(async ({ serving }) => {
    const id = await asked(serving);
    const hanging = createWaits({ query: () => new Promise(() => undefined) });
    for (let count = 0; count < LIMITS.approval_waits; count += 1) {
      void hanging.wait(id, 'default', 'agents', bounds(20_000));
    }

    await expect(hanging.wait(id, 'default', 'agents', bounds(20_000))).rejects.toMatchObject({
      code: 'overloaded',
      limit: { name: 'approval_waits', max: LIMITS.approval_waits },
    });
    const waits = createWaits(serving);
    await expect(waits.wait(id, 'default', 'others', bounds(100))).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(waits.wait(id, 'other', 'agents', bounds(100))).rejects.toMatchObject({ code: 'not_found' });
  });
});
