import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { tellExpired } from '../../../services/store/approvals/events.ts';
import { sweepApprovals } from '../../../services/store/approvals/sweep.ts';
import type { LimitCounting } from '../../../services/store/limits/counting.ts';
import { nameEndpoint, takeDeliveries } from '../../../services/store/webhooks/deliveries.ts';
import { answer, FINANCE, letPass } from '../../store/approvals/support.ts';
import { callerOf, runOf } from '../support/calls.ts';
import { ALLOWED, byId, INVALID, REQUIRED } from './outcomes.ts';
import { questionOf, withPaying } from './people.ts';
import { LOOKING } from './support.ts';

const unavailable = expect.objectContaining({ code: 'unavailable' });

describe('a request that people can allow', () => {
  test('is denied with a question, the same one each time, and what is allowed anyway asks nothing', async () => {
    await withPaying(async ({ pay, state }) => {
      expect(await pay({ amount: 100n })).toMatchObject({ ...ALLOWED, approval: undefined });
      const first = await pay();
      const id = questionOf(first);

      expect(first).toMatchObject({
        ...REQUIRED,
        message: 'A payment over 100 needs somebody of finance.',
        approval: { status: 'pending', url: `https://approvals.example/${id}` },
      });
      expect(questionOf(await pay())).toBe(id);
      expect(await state()).toMatchObject({ status: 'pending' });
    });
  });

  test('is no question where another forbid stands, or one fails', async () => {
    const policies =
      '@id("overflows") forbid (principal, action == Action::"pay", resource == Account::"broken") when { context.input.amount + 9223372036854775807 > 0 };';
    await withPaying(
      async ({ pay, serving }) => {
        expect(await pay({ account: 'moon' })).toMatchObject({
          reason_code: 'forbidden',
          approval: undefined,
        });
        expect(await pay({ account: 'broken' })).toMatchObject({
          decision: 'deny',
          reason_code: 'forbidden',
          approval: undefined,
        });
        const { rows } = await serving.query('select from approvals');
        expect(rows).toEqual([]);
      },
      { policies },
    );
  });

  test('is no question for a check, nor without a credential, and says what it would take', async () => {
    await withPaying(async ({ pay, serving }) => {
      const anonymous = callerOf({ subject: 'anonymous', credential_id: undefined, roles: ['anonymous'] });

      expect(await pay({ call: { mode: 'check' } })).toMatchObject({
        ...REQUIRED,
        approval: undefined,
        enforcement: 'check_only',
      });
      expect(await pay({ scope: { caller: anonymous } })).toMatchObject({ ...REQUIRED, approval: undefined });
      expect((await serving.query('select from approvals')).rows).toEqual([]);
    });
  });

  test('is told to the endpoints that want to hear of it, once, and so is that its time is over', async () => {
    await withPaying(async ({ pay, serving, owner }) => {
      await nameEndpoint(serving, { name: 'all', stores: null, events: null });
      const id = questionOf(await pay());
      await pay();
      await letPass({ owner }, '10 minutes');
      await sweepApprovals(serving, { pendingMs: 0, keptMs: 3_600_000, onExpired: tellExpired });

      const told = await takeDeliveries(serving, 'all', { leaseMs: 60_000, atMost: 10 });
      expect(told.map(({ kind, payload }) => [kind, JSON.parse(payload) as object])).toEqual([
        [
          'approval.requested',
          expect.objectContaining({
            approval_id: id,
            principal: 'Bot::"bot"',
            severity: 'high',
            groups: [{ group: FINANCE, count: 1 }],
            url: `https://approvals.example/${id}`,
          }),
        ],
        ['approval.expired', expect.objectContaining({ approval_id: id })],
      ]);
      expect(JSON.stringify(told)).not.toContain('rent');
    });
  });

  test('is told to others with nothing hidden in whom and what it names', async () => {
    await withPaying(async ({ pay, serving }) => {
      await nameEndpoint(serving, { name: 'all', stores: null, events: null });
      await pay({ account: 'a" \u202e' });
      const [told] = await takeDeliveries(serving, 'all', { leaseMs: 60_000, atMost: 10 });

      expect(JSON.parse(told?.payload ?? '')).toMatchObject({ resource: 'Account::"a\\" \\u{202e}"' });
    });
  });

  test('names all groups that its forbids want', async () => {
    const policies = `@id("legal-too") @approval("Group::\\"legal\\"") @approval_count("2") @severity("critical")
forbid (principal, action == Action::"pay", resource) when { context.input.amount > 400 } unless { context.pdp has approval };`;
    await withPaying(
      async ({ pay, serving }) => {
        const id = questionOf(await pay());
        const { rows } = await serving.query('select groups, question from approvals');

        expect(rows[0]).toMatchObject({
          groups: [
            { group: FINANCE, count: 1 },
            { group: 'Group::"legal"', count: 2 },
          ],
          question: { severity: 'critical', policies: ['large-payments', 'legal-too'] },
        });
        expect(await answer(serving, id, 'gil', 'approve', { groups: [FINANCE, 'Group::"legal"'] })).toBe(
          'pending',
        );
        expect(await answer(serving, id, 'lea', 'approve', { groups: ['Group::"legal"'] })).toBe('approved');
        expect(await pay(byId(id))).toMatchObject(ALLOWED);
      },
      { policies },
    );
  });

  test('is a question as well where the policies deny only once somebody else was faster', async () => {
    const policies = `@id("second-payments") @approval("Group::\\"finance\\"")
forbid (principal, action == Action::"pay", resource) when { context.pdp.limits.paid.used > 0 } unless { context.pdp has approval };`;
    await withPaying(
      async ({ pay }) => {
        const counts = [{ name: 'paid', used: 1n, resetsAt: undefined }];
        const settle: LimitCounting['settle'] = () => Promise.resolve({ outcome: 'over_limit', counts });

        expect(await pay({ amount: 5n, counting: { settle } })).toMatchObject({
          ...REQUIRED,
          approval: { status: 'pending' },
        });
      },
      { ...LOOKING, policies },
    );
  });

  test('stops being asked after so many of one run', async () => {
    await withPaying(async ({ pay }) => {
      const run = runOf('r');
      for (let at = 0; at < LIMITS.open_approvals; at += 1)
        questionOf(await pay({ note: `${at}`, call: { run } }));

      expect(await pay({ note: 'one more', call: { run } })).toMatchObject({
        ...REQUIRED,
        approval: undefined,
        message: expect.stringContaining('Too many'),
      });
      expect(await pay({ note: 'of another', call: { run: { ...run, run_id: 's' } } })).toMatchObject({
        approval: { status: 'pending' },
      });
    });
  });

  test('stops being asked after so many of one principal, whatever it calls its runs', async () => {
    await withPaying(async ({ pay }) => {
      const inRun = (run_id: string) => ({ call: { run: runOf(run_id) } });
      for (let at = 0; at < LIMITS.open_approvals_of_principal; at += 1)
        questionOf(await pay(inRun(`run ${at}`)));

      expect(await pay(inRun('one more'))).toMatchObject({
        ...REQUIRED,
        approval: undefined,
        message: expect.stringContaining('Too many'),
      });
    });
  });

  test('shows the request of a decision that is made, where the same call comes twice under one key', async () => {
    await withPaying(async ({ pay, people, serving }) => {
      const call = { idempotency_key: 'k' };
      const ask: typeof people.ask = async (...question) => {
        const standing = await people.ask(...question);
        await pay({ call });

        return standing;
      };
      const asked = await pay({ call, people: { ask } });
      const { rows } = await serving.query('select decision_id from approvals');

      expect(asked).toMatchObject({ ...REQUIRED, replayed: false });
      expect(rows).toEqual([{ decision_id: (asked as { decision_id?: string }).decision_id }]);
      expect(await pay({ call })).toMatchObject({ ...asked, replayed: true });
    });
  });

  test('that cannot be asked leaves its key free', async () => {
    await withPaying(async ({ pay, counting }) => {
      const call = { idempotency_key: 'k' };
      const ask = () => Promise.reject(new PdpError('unavailable', 'the database is not available'));
      expect(await pay({ call, people: { ask } })).toEqual(unavailable);
      await counting.settled();

      expect(await pay({ call })).toMatchObject({ ...REQUIRED, replayed: false });
    });
  });

  test('is told once it was denied, and no new question is asked of anybody', async () => {
    await withPaying(async ({ pay, serving }) => {
      const id = questionOf(await pay());
      await answer(serving, id, 'fay', 'deny');

      expect(await pay()).toMatchObject({
        ...REQUIRED,
        approval: { approval_id: id, status: 'denied' },
        message: expect.stringContaining('Do not ask again'),
      });
      expect(await pay(byId(id))).toMatchObject({ ...INVALID, message: 'The approval is denied.' });
    });
  });

  test('says nothing of policies or people where the bundle keeps that to itself', async () => {
    await withPaying(
      async ({ pay }) => {
        expect(await pay()).toMatchObject({
          ...REQUIRED,
          message: 'This needs an approval.',
          approval: { status: 'pending' },
        });
      },
      { manifest: (text) => `${text}disclosure: reason_code\n` },
    );
  });
});
