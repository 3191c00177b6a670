import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import { createLimitCounting, type LimitCounting } from '../../../services/store/limits/counting.ts';
import { createPool } from '../../../services/store/pool.ts';
import { until, withFaults } from './faulty.ts';

const unavailable = expect.objectContaining({ code: 'unavailable' });

describe('a use', () => {
  test('is pending until its record is durable, and then no more', async () => {
    await withFaults(async ({ ask, files, used, counting }) => {
      const disk = Promise.withResolvers<void>();
      files.gate = disk.promise;
      const answer = ask('send');
      await until(async () => (await used()).pending === '1');
      disk.resolve();

      expect(await answer).toMatchObject({ decision: 'allow' });
      await counting.settled();
      expect(await used()).toEqual({ used: '1', pending: '0' });
    });
  });

  test('is given back where its decision cannot be recorded', async () => {
    await withFaults(async ({ ask, files, used, counting }) => {
      files.fault = 'write';

      expect(await ask('send')).toEqual(unavailable);
      await counting.settled();
      expect(await used()).toEqual({ used: '0', pending: '0' });
    });
  });

  test('is not begun where the log has no room', async () => {
    await withFaults(
      async ({ ask, used }) => {
        expect(await ask('send')).toEqual(unavailable);
        expect(await used()).toEqual({ used: '0', pending: '0' });
      },
      { capBytes: 10_000 },
    );
  });

  test('stays, with its record, where the client hangs up while it is counted', async () => {
    await withFaults(async ({ ask, used, counting }) => {
      const signal = new CallSignal();
      const settle: LimitCounting['settle'] = (decision) =>
        counting.settle(decision).finally(() => signal.abort());

      expect(await ask('send', { scope: { signal }, counting: { settle } })).toEqual(unavailable);
      await counting.settled();
      expect(await used()).toEqual({ used: '1', pending: '0' });
    });
  });

  test('does not come of a call that is late or cancelled before it', async () => {
    await withFaults(async ({ ask, used, counting }) => {
      const signal = new CallSignal();
      const read: LimitCounting['read'] = (decision) => counting.read(decision).finally(() => signal.abort());

      expect(await ask('peek', { scope: { signal }, counting: { read } })).toEqual(unavailable);
      expect(await ask('send', { scope: { deadline: performance.now() - 1 } })).toEqual(unavailable);
      const late = counting.settle({
        decisionId: '',
        subject: '',
        store: 'default',
        uses: [],
        deadline: performance.now(),
      });
      await expect(late).rejects.toEqual(unavailable);
      expect(await used()).toEqual({ used: '0', pending: '0' });
    });
  });

  test('counts, and is pending, where PostgreSQL is lost between the count and its answer', async () => {
    await withFaults(async ({ ask, used, counting }) => {
      const settle: LimitCounting['settle'] = async (decision) => {
        await counting.settle(decision);
        throw new PdpError('unavailable', 'the connection was lost');
      };

      expect(await ask('send', { counting: { settle } })).toEqual(unavailable);
      expect(await used()).toEqual({ used: '1', pending: '1' });
    });
  });
});

describe('a lost race', () => {
  const beaten = (counting: LimitCounting): Partial<LimitCounting> => ({
    async settle(decision) {
      const [use] = decision.uses;
      if (use === undefined) throw new Error('nothing is counted');
      await counting.settle({
        ...decision,
        decisionId: '00000000-0000-7000-8000-000000000000',
        uses: [{ ...use, amount: 2n }],
      });

      return counting.settle(decision);
    },
  });

  test('is judged once more by the true state, and policies have the first word', async () => {
    await withFaults(async ({ ask, counting, used }) => {
      expect(await ask('peek', { counting: beaten(counting) })).toMatchObject({
        decision: 'deny',
        reason_code: 'forbidden',
        message: 'Wait for tomorrow.',
        limits: [{ name: 'sent', used: 2n, max: 2n }],
      });
      expect(await used()).toMatchObject({ used: '2' });
    });
  });

  test('is limit_exceeded where no policy looks', async () => {
    await withFaults(async ({ ask, counting, used }) => {
      expect(await ask('send', { counting: beaten(counting) })).toMatchObject({
        decision: 'deny',
        reason_code: 'limit_exceeded',
        limits: [{ name: 'sent', used: 2n, max: 2n }],
      });
      expect(await used()).toMatchObject({ used: '2' });
    });
  });
});

describe('without its count', () => {
  test('nothing is allowed: PostgreSQL is away, and other actions go on', async () => {
    const nowhere = createPool({ connection: 'postgres://nobody@127.0.0.1:1/none' });
    const away = createLimitCounting({ database: nowhere, onLost: () => undefined });
    await withFaults(async ({ ask }) => {
      for (const action of ['send', 'peek'])
        expect(await ask(action, { counting: away })).toEqual(unavailable);
      expect(await ask('look', { counting: away })).toMatchObject({ decision: 'allow', limits: [] });
    });
    await nowhere.end();
  });

  test('what PostgreSQL does not answer keeps out no more than its share of what is in flight', async () => {
    const hanging = createLimitCounting({
      database: { query: () => new Promise(() => undefined) },
      onLost: () => undefined,
    });
    await withFaults(async ({ ask }) => {
      for (let count = 0; count < LIMITS.counted_in_flight; count += 1)
        void ask('send', { counting: hanging });

      expect(await ask('send', { counting: hanging })).toMatchObject({
        code: 'overloaded',
        limit: { name: 'counted_in_flight', max: LIMITS.counted_in_flight },
      });
      expect(await ask('look', { counting: hanging })).toMatchObject({ decision: 'allow' });
    });
  });

  test('nothing is allowed: the store does not know the limit, or by another definition', async () => {
    await withFaults(
      async ({ ask, serving, used }) => {
        for (const action of ['send', 'peek']) expect(await ask(action)).toEqual(unavailable);
        await serving.query(
          `insert into limit_definitions (store, name, definition, unit, time_zone) values ('default', 'sent', 'by [], day in UTC', 'day', 'UTC')`,
        );
        for (const action of ['send', 'peek']) expect(await ask(action)).toEqual(unavailable);
        expect(await used()).toEqual({ used: '0', pending: '0' });
      },
      { defined: false },
    );
  });
});
