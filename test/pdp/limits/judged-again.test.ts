import { describe, expect, test } from 'vitest';
import type { PastDecision } from '../../../services/ledger/history.ts';
import { judge } from '../../../services/pdp/replay/judge.ts';
import { outcomeOf, recordedVerdict } from '../../../services/pdp/replay/outcome.ts';
import { compare } from '../../../services/pdp/trial/compare.ts';
import { pastDecision } from '../replay/support/past-decision.ts';
import { compiled, sendBundle, sent } from './support.ts';

const [two, five] = await Promise.all([2, 5].map((max) => compiled(sendBundle(sent(max)))));
if (two === undefined || five === undefined) throw new Error('no bundles');

const INPUT = JSON.stringify({
  principal: { type: 'Sender', id: 's' },
  action: { type: 'Action', id: 'peek' },
  resource: { type: 'Box', id: 'b' },
  context: { n: 1 },
  entities: [],
});
/** As a record of `two` tells it, when both uses were used up. */
const FACTS = { limits: { sent: { exhausted: true, remaining: 0n, used: 2n } } };
const CANDIDATE = { withDigest: false, deriveFacts: true };

describe('replaying a limited decision', () => {
  test('goes by the use that was recorded, against the maximum of the bundle that is tried', () => {
    const past = pastDecision({ facts: FACTS });

    expect(judge(two, past, INPUT, CANDIDATE)).toMatchObject({
      decision: 'deny',
      determining: ['not-when-exhausted'],
    });
    expect(judge(five, past, INPUT, CANDIDATE)).toMatchObject({ decision: 'allow' });
  });

  test('is not possible where the record does not tell of a limit', () => {
    for (const facts of [{}, { limits: {} }, { limits: { other: FACTS.limits.sent } }]) {
      expect(judge(two, pastDecision({ facts }), INPUT, CANDIDATE)).toEqual({ kind: 'unreadable' });
    }
  });

  test('takes a limit that had no room as given: what policies said is compared', () => {
    const over = {
      decision: 'deny' as const,
      reason_code: 'limit_exceeded',
      determining: ['anyone'],
      policy_errors: [],
    } satisfies Partial<PastDecision>;
    const allowed = recordedVerdict(
      pastDecision({ ...over, cedar_decision: 'allow', policy_decision: 'allow' }),
    );
    const monitored = recordedVerdict(
      pastDecision({ ...over, cedar_decision: 'deny', policy_decision: 'deny' }),
    );

    expect(outcomeOf(allowed)).toEqual({ kind: 'allow', code: 'permitted', policies: ['anyone'] });
    expect(outcomeOf(monitored)).toEqual({ kind: 'deny', code: 'forbidden', policies: ['anyone'] });
  });
});

describe('comparing a candidate on a limited decision', () => {
  test('goes by the use that was recorded, against the maximum of each', () => {
    const facts = '{"limits":{"sent":{"exhausted":true,"remaining":0,"used":2}}}';

    expect(compare(two, five, { input: INPUT, at: 0, facts })).toMatchObject({
      active: { verdict: { decision: 'deny' }, failed: false },
      candidate: { verdict: { decision: 'allow' }, failed: false },
    });
  });

  test('holds nothing against either where nobody looked', () => {
    expect(compare(two, five, { input: INPUT, at: 0 })).toMatchObject({ kind: 'failed' });
    expect(compare(two, five, { input: INPUT.replace('peek', 'send'), at: 0 })).toMatchObject({
      kind: 'compared',
    });
  });
});
