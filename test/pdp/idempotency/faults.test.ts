import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { RawObject } from '../../../services/engine/raw/raw.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import { createLimitCounting, type LimitCounting } from '../../../services/store/limits/counting.ts';
import { createPool } from '../../../services/store/pool.ts';
import { until, withFaults } from '../limits/faulty.ts';

const call = { idempotency_key: 'once' };
const unavailable = expect.objectContaining({ code: 'unavailable' });
const unfinished = expect.objectContaining({
  code: 'unavailable',
  field: 'idempotency_key',
  retryAfterMs: 500,
});
const lost = () => new PdpError('unavailable', 'the connection was lost');

describe('a decision under a key', () => {
  test('that cannot be recorded was never made: its key and what it used are free again', async () => {
    await withFaults(async ({ ask, files, used, counting }) => {
      files.fault = 'write';
      expect(await ask('send', { call })).toEqual(unavailable);
      await counting.settled();
      files.fault = 'none';

      // After two failures the log tries no more for a moment.
      await expect.poll(() => ask('send', { call })).toMatchObject({ decision: 'allow', replayed: false });
      await counting.settled();
      expect(await used()).toEqual({ used: '1', pending: '0' });
    });
  });

  test('and a deny that cannot be recorded gives its key back too', async () => {
    await withFaults(async ({ ask, files, counting }) => {
      await ask('send');
      await ask('send');
      files.fault = 'write';
      expect(await ask('send', { call })).toEqual(unavailable);
      await counting.settled();
      files.fault = 'none';

      await expect
        .poll(() => ask('send', { call }))
        .toMatchObject({ reason_code: 'limit_exceeded', replayed: false });
      expect(await ask('send', { call })).toMatchObject({ reason_code: 'limit_exceeded', replayed: true });
    });
  });

  test('is told to nobody before its record is durable, and to one who asks again neither', async () => {
    await withFaults(async ({ ask, files, used }) => {
      const disk = Promise.withResolvers<void>();
      files.gate = disk.promise;
      const first = ask('send', { call });
      await until(async () => (await used()).pending === '1');

      expect(await ask('send', { call })).toEqual(unfinished);
      disk.resolve();
      const told = await first;
      expect(told).toMatchObject({ decision: 'allow' });
      expect(await ask('send', { call })).toEqual({ ...told, replayed: true });
      expect(await used()).toMatchObject({ used: '1' });
    });
  });

  test('is used once, and unfinished, where PostgreSQL is lost between taking it and answering', async () => {
    await withFaults(async ({ ask, used, counting }) => {
      const settle: LimitCounting['settle'] = async (decision) => {
        await counting.settle(decision);
        throw lost();
      };
      expect(await ask('send', { call, counting: { settle } })).toEqual(unavailable);

      expect(await ask('send', { call })).toEqual(unfinished);
      expect(await used()).toEqual({ used: '1', pending: '1' });
    });
  });

  test('is used once, and unfinished, where its process ends before its reply is kept', async () => {
    await withFaults(async ({ ask, used }) => {
      const keepReply = () => Promise.resolve();
      expect(await ask('send', { call, counting: { keepReply } })).toMatchObject({ decision: 'allow' });

      expect(await ask('send', { call })).toEqual(unfinished);
      expect(await used()).toMatchObject({ used: '1' });
    });
  });

  test('is there for a caller who hung up while it was made', async () => {
    await withFaults(async ({ ask, used, counting }) => {
      const signal = new CallSignal();
      const settle: LimitCounting['settle'] = (decision) =>
        counting.settle(decision).finally(() => signal.abort());
      expect(await ask('send', { call, scope: { signal }, counting: { settle } })).toEqual(unavailable);

      expect(await ask('send', { call })).toMatchObject({ decision: 'allow', replayed: true });
      expect(await used()).toMatchObject({ used: '1' });
    });
  });

  test('is not begun by a caller who hung up before', async () => {
    await withFaults(async ({ ask, used, serving }) => {
      const signal = new CallSignal();
      signal.abort();
      expect(await ask('send', { call, scope: { signal } })).toEqual(unavailable);

      expect(await used()).toEqual({ used: '0', pending: '0' });
      expect((await serving.query('select from idempotency_keys')).rows).toEqual([]);
    });
  });

  test('is not begun where the log has no room', async () => {
    await withFaults(
      async ({ ask, serving }) => {
        for (const action of ['send', 'look']) expect(await ask(action, { call })).toEqual(unavailable);
        expect((await serving.query('select from idempotency_keys')).rows).toEqual([]);
      },
      { capBytes: 10_000 },
    );
  });

  test('needs PostgreSQL, also where without a key it would not', async () => {
    const nowhere = createPool({ connection: 'postgres://nobody@127.0.0.1:1/none' });
    const away = createLimitCounting({ database: nowhere, onLost: () => undefined });
    await withFaults(async ({ ask }) => {
      expect(await ask('look', { call, counting: away })).toEqual(unavailable);
      expect(await ask('look', { counting: away })).toMatchObject({ decision: 'allow' });
    });
    await nowhere.end();
  });
});

test('of many at once one is decided, and the others get its reply, that there is none yet, or a conflict', async () => {
  await withFaults(async ({ ask, used }) => {
    const asked = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        at % 2 === 0 ? ask('send', { call }) : ask('send', { call: { ...call, context: contextOf(2n) } }),
      ),
    );
    const decided = asked.flatMap((outcome) => (outcome instanceof PdpError ? [] : [outcome]));
    const codes = new Set(asked.map((outcome) => (outcome instanceof PdpError ? outcome.code : 'decided')));

    expect(decided.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(decided.map(({ decision_id }) => decision_id)).size).toBe(1);
    expect([...codes].filter((code) => !['decided', 'unavailable', 'conflict'].includes(code))).toEqual([]);
    expect(codes).toContain('conflict');
    expect(await used()).toMatchObject({ used: '1' });
  });
});

test('what is kept is exactly what was told, to the last digit', async () => {
  await withFaults(async ({ ask }) => {
    await ask('peek');
    await ask('peek');
    const first = await ask('peek', { call: { ...call, request_id: 'a' } });
    const again = await ask('peek', { call: { ...call, request_id: 'a' } });

    expect(first).toMatchObject({ decision: 'deny', message: 'Wait for tomorrow.', limits: [{ used: 2n }] });
    expect(again).toStrictEqual({ ...first, replayed: true });
  });
});

function contextOf(n: bigint): RawObject {
  return new RawObject(new Map([['n', n]]));
}
