import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { createPeople } from '../../../services/pdp/approvals/people.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import { createPool } from '../../../services/store/pool.ts';
import { callerOf } from '../support/calls.ts';
import { ALLOWED, approved, byId, INVALID } from './outcomes.ts';
import { withPaying } from './people.ts';

const unavailable = expect.objectContaining({ code: 'unavailable' });

describe('when something fails', () => {
  test('an approval is good again where its decision cannot be recorded', async () => {
    await withPaying(async (paying) => {
      const { pay, people, files, state } = paying;
      const id = await approved(paying);
      files.fault = 'write';

      expect(await pay(byId(id))).toEqual(unavailable);
      await people.settled();
      expect(await state()).toMatchObject({ status: 'approved' });
    });
  });

  test('it stays consumed, with its record, where the client hangs up meanwhile', async () => {
    await withPaying(async (paying) => {
      const { pay, people, counting, state } = paying;
      const id = await approved(paying);
      const signal = new CallSignal();
      const settle: typeof counting.settle = (decision) =>
        counting.settle(decision).finally(() => signal.abort());

      expect(
        await pay({
          ...byId(id),
          scope: { signal, caller: callerOf({ subject: 'agents' }) },
          counting: { settle },
        }),
      ).toEqual(unavailable);
      await people.settled();
      expect(await state()).toMatchObject({ status: 'consumed', recorded: true });
    });
  });

  test('it is not begun for a client that hung up before', async () => {
    await withPaying(async (paying) => {
      const { pay, people, state } = paying;
      const id = await approved(paying);
      const signal = new CallSignal();
      const find: typeof people.find = (...asked) => people.find(...asked).finally(() => signal.abort());

      expect(
        await pay({
          ...byId(id),
          scope: { signal, caller: callerOf({ subject: 'agents' }) },
          people: { find },
        }),
      ).toEqual(unavailable);
      expect(await state()).toMatchObject({ status: 'approved' });
    });
  });

  test('it counts as consumed, and is not recorded, where PostgreSQL is lost before its answer', async () => {
    await withPaying(async (paying) => {
      const { pay, counting, state } = paying;
      const id = await approved(paying);
      const settle: typeof counting.settle = async (decision) => {
        await counting.settle(decision);
        throw new PdpError('unavailable', 'the connection was lost');
      };

      expect(await pay({ ...byId(id), counting: { settle } })).toEqual(unavailable);
      expect(await state()).toMatchObject({ status: 'consumed', recorded: false });
      expect(await pay(byId(id))).toMatchObject(INVALID);
    });
  });

  test('without PostgreSQL nothing is asked and nothing is allowed that needs people, and all else goes on', async () => {
    const nowhere = createPool({ connection: 'postgres://nobody@127.0.0.1:1/none' });
    const away = createPeople({ database: nowhere, onLost: () => undefined });
    await withPaying(async ({ pay }) => {
      expect(await pay({ people: away })).toEqual(unavailable);
      expect(await pay({ ...byId(randomUUID()), people: away })).toEqual(unavailable);
      expect(await pay({ amount: 5n, people: away })).toMatchObject(ALLOWED);
      expect(await pay({ account: 'moon', people: away })).toMatchObject({
        decision: 'deny',
        reason_code: 'forbidden',
      });
    });
    await nowhere.end();
  });
});
