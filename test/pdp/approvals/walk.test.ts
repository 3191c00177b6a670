import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { answer, letPass } from '../../store/approvals/support.ts';
import { compiled } from '../limits/support.ts';
import { ALLOWED, approved, byId, INVALID, REQUIRED } from './outcomes.ts';
import { questionOf, withPaying } from './people.ts';
import { ASKING, LIMITED, LOOKING, payBundle } from './support.ts';

describe('an approval', () => {
  test('is good once, and its fact and its status are in the reply', async () => {
    await withPaying(async (paying) => {
      const { pay, people, state } = paying;
      const id = await approved(paying);

      expect(await pay()).toMatchObject({ ...REQUIRED, approval: { approval_id: id, status: 'approved' } });
      expect(await pay({ call: { approval_id: id, mode: 'check' } })).toMatchObject({
        ...ALLOWED,
        enforcement: 'check_only',
      });
      expect(await pay(byId(id))).toMatchObject({
        ...ALLOWED,
        approval: { approval_id: id, status: 'consumed' },
      });
      await people.settled();
      expect(await state()).toMatchObject({ status: 'consumed', recorded: true });
      expect(await pay(byId(id))).toMatchObject({ ...INVALID, message: 'The approval is consumed.' });
    });
  });

  test('that several calls name at once is good for one of them', async () => {
    await withPaying(async (paying) => {
      const id = await approved(paying);
      const all = await Promise.all(Array.from({ length: 8 }, () => paying.pay(byId(id))));
      const codes = all.map((one) => ('reason_code' in one ? one.reason_code : one.code));

      expect(codes.filter((code) => code === 'permitted')).toHaveLength(1);
      expect(codes.filter((code) => code === 'approval_invalid')).toHaveLength(7);
    });
  });

  test('is invalid for another request, another credential, another bundle, and where there is none', async () => {
    await withPaying(async (paying) => {
      const { pay, state } = paying;
      const id = await approved(paying);
      const other = await compiled(
        payBundle({ policies: '@id("other") forbid (principal, action == Action::"look", resource);' }),
      );

      expect(await pay({ ...byId(id), amount: 501n })).toMatchObject({
        ...INVALID,
        message: 'The approval is for another request.',
      });
      expect(await pay({ ...byId(id), bundle: other })).toMatchObject(INVALID);
      expect(await pay({ ...byId(id), subject: 'others' })).toMatchObject({
        ...INVALID,
        message: 'There is no such approval.',
      });
      for (const none of [randomUUID(), 'no id', "'"]) expect(await pay(byId(none))).toMatchObject(INVALID);
      expect(await state()).toMatchObject({ status: 'approved' });
    });
  });

  test('is invalid before anybody has answered, and after its time', async () => {
    await withPaying(async (paying) => {
      const { pay, owner } = paying;
      expect(await pay(byId(questionOf(await pay())))).toMatchObject({
        ...INVALID,
        message: 'The approval is pending.',
      });

      const id = await approved(paying);
      await letPass({ owner }, '10 minutes');
      expect(await pay(byId(id))).toMatchObject({ ...INVALID, message: 'The approval is expired.' });
    });
  });

  test('that expires between the look and the settlement is not consumed', async () => {
    await withPaying(async (paying) => {
      const { pay, owner, people } = paying;
      const id = await approved(paying);
      const find: typeof people.find = async (...asked) => {
        const found = await people.find(...asked);
        await letPass({ owner }, '10 minutes');

        return found;
      };

      expect(await pay({ ...byId(id), people: { find } })).toMatchObject({
        ...INVALID,
        message: 'The approval has been used or has expired.',
      });
    });
  });

  test('is left as it is by a request that does not need it', async () => {
    await withPaying(async (paying) => {
      const id = await approved(paying);

      expect(await paying.pay({ ...byId(id), amount: 5n })).toMatchObject({
        ...ALLOWED,
        approval: undefined,
      });
      expect(await paying.state()).toMatchObject({ status: 'approved' });
    });
  });

  test('that does not help any more is told as what it is', async () => {
    const policies =
      '@id("spent") forbid (principal, action == Action::"pay", resource) when { context.pdp.limits.paid.exhausted };';
    await withPaying(
      async (paying) => {
        const id = await approved(paying);
        expect(await paying.pay({ amount: 5n })).toMatchObject(ALLOWED);

        expect(await paying.pay(byId(id))).toMatchObject({
          decision: 'deny',
          reason_code: 'forbidden',
          approval: { approval_id: id, status: 'approved' },
        });
        expect(await paying.state()).toMatchObject({ status: 'approved' });
      },
      { ...LOOKING, policies },
    );
  });

  test('lifts no other forbid, and is left as it is', async () => {
    await withPaying(async (paying) => {
      const id = questionOf(await paying.pay());
      await answer(paying.serving, id, 'fay');

      expect(await paying.pay({ ...byId(id), account: 'moon' })).toMatchObject({ decision: 'deny' });
      expect(await paying.state()).toMatchObject({ status: 'approved' });
    });
  });

  test('and limits are taken together or not at all', async () => {
    await withPaying(async (paying) => {
      const { pay, state } = paying;
      const id = await approved(paying);
      expect(await pay({ amount: 1n })).toMatchObject(ALLOWED);

      expect(await pay(byId(id))).toMatchObject({ decision: 'deny', reason_code: 'limit_exceeded' });
      expect(await state()).toMatchObject({ status: 'approved', used: '1' });
      await paying.owner.query('update limit_counters set used = 0');
      expect(await pay(byId(id))).toMatchObject({ ...ALLOWED, limits: [{ name: 'paid', used: 1n }] });
      expect(await state()).toMatchObject({ status: 'consumed', used: '1' });
    }, LIMITED);
  });

  test('tells policies who approved and when', async () => {
    const asking = ASKING.replace('has approval }', 'has approval && context.pdp.approval.count == 1 }');
    const policies =
      '@id("not-by-gil") forbid (principal, action == Action::"pay", resource) when { context.pdp has approval && context.pdp.approval.by.contains("User::\\"gil\\"") };';
    await withPaying(
      async ({ pay, serving }) => {
        const first = questionOf(await pay());
        await answer(serving, first, 'gil');
        expect(await pay(byId(first))).toMatchObject({
          decision: 'deny',
          reason_code: 'forbidden',
          approval: { approval_id: first, status: 'approved' },
        });

        const second = questionOf(await pay({ note: 'again' }));
        await answer(serving, second, 'fay');
        expect(await pay({ ...byId(second), note: 'again' })).toMatchObject(ALLOWED);
      },
      { asking, policies },
    );
  });
});
