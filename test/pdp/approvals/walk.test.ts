import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { createPeople } from '../../../services/pdp/approvals/people.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import { tellExpired } from '../../../services/store/approvals/events.ts';
import { sweepApprovals } from '../../../services/store/approvals/sweep.ts';
import type { LimitCounting } from '../../../services/store/limits/counting.ts';
import { createPool } from '../../../services/store/pool.ts';
import { nameEndpoint, takeDeliveries } from '../../../services/store/webhooks/deliveries.ts';
import { answer, FINANCE, letPass } from '../../store/approvals/support.ts';
import { compiled } from '../limits/support.ts';
import { callerOf } from '../support/calls.ts';
import { type Paying, questionOf, withPaying } from './people.ts';
import { ASKING, type PayChanges, payBundle } from './support.ts';

const REQUIRED = { decision: 'deny', reason_code: 'approval_required' };
const INVALID = { decision: 'deny', reason_code: 'approval_invalid' };
const ALLOWED = { decision: 'allow', reason_code: 'permitted' };
const unavailable = expect.objectContaining({ code: 'unavailable' });
const byId = (approval_id: string) => ({ call: { approval_id } });

const NO_RUN = {
  run_id: '',
  parent_run_id: '',
  step: 0n,
  tool_call_id: '',
  conversation_id: '',
  agent_id: '',
  tool_name: '',
};

/** A payment that fay has approved. */
async function approved({ pay, serving }: Paying): Promise<string> {
  const id = questionOf(await pay());
  expect(await answer(serving, id, 'fay')).toBe('approved');

  return id;
}

/** At most two payments an hour, together with what asks. */
const LIMITED: PayChanges = {
  manifest: (text) =>
    `${text}limits: [{ name: paid, actions: ['Action::"pay"'], key: [principal], window: 1h, max: 1 }]\n`,
};

/** Its policies look at what is used of it, too. */
const LOOKING: PayChanges = {
  ...LIMITED,
  schema: (text) =>
    text.replace(
      'pdp: { approval?: Approval }',
      'pdp: { approval?: Approval, limits: { paid: { used: Long, remaining: Long, exhausted: Bool } } }',
    ),
};

describe('a request that people can allow', () => {
  test('is denied with a question, the same one each time, and nothing else is asked of PostgreSQL by others', async () => {
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

  test('is no question where another forbid stands, nobody permits it, or it fails', async () => {
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
      const run = { ...NO_RUN, run_id: 'r' };
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
      const inRun = (run_id: string) => ({
        call: { run: { ...NO_RUN, run_id } },
      });
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

  test('of which two calls know at once is good for one of them', async () => {
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
      const settle: typeof counting.settle = async (decision) => {
        const answered = await counting.settle(decision);
        signal.abort();

        return answered;
      };

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
