import { describe, expect, test } from 'vitest';
import type { PastDecision } from '../../../services/ledger/history.ts';
import { judge } from '../../../services/pdp/replay/judge.ts';
import { outcomeOf, recordedVerdict } from '../../../services/pdp/replay/outcome.ts';
import { createTally } from '../../../services/pdp/replay/tally.ts';
import { compare } from '../../../services/pdp/trial/compare.ts';
import { compiled } from '../limits/support.ts';
import { pastDecision } from '../replay/support/past-decision.ts';
import { ASKING, payBundle } from './support.ts';

const asking = await compiled(payBundle());
const forbidding = await compiled(payBundle({ asking: ASKING.replace(/^@approval.*\n/gm, '') }));
const free = await compiled(payBundle({ asking: '' }));
const obliging = await compiled(
  payBundle({
    policies:
      '@id("obliged") @obligation("log_only") permit (principal, action == Action::"pay", resource);\n',
  }),
);

const CANDIDATE = { withDigest: false, deriveFacts: true, withPeople: true };
const ORIGINAL = { withDigest: false, deriveFacts: false };
const INPUT = inputOf('a');

function inputOf(account: string): string {
  return JSON.stringify({
    principal: { type: 'Bot', id: 'bot' },
    action: { type: 'Action', id: 'pay' },
    resource: { type: 'Account', id: account },
    context: { input: { amount: 500 } },
    entities: [],
  });
}

const DENIED = {
  decision: 'deny',
  cedar_decision: 'deny',
  policy_decision: 'deny',
  determining: ['large-payments'],
  policy_errors: [],
} satisfies Partial<PastDecision>;
const required = pastDecision({ ...DENIED, reason_code: 'approval_required' });
const invalid = pastDecision({ ...DENIED, reason_code: 'approval_invalid' });
const forbidden = pastDecision({ ...DENIED, reason_code: 'forbidden' });
const allowed = pastDecision({
  decision: 'allow',
  cedar_decision: 'allow',
  policy_decision: 'allow',
  determining: ['anyone'],
  policy_errors: [],
});

function codeBy(bundle: typeof asking, record: PastDecision, input = INPUT): string {
  const judged = judge(bundle, record, input, CANDIDATE);

  return judged.kind === 'decided' ? judged.reasonCode : judged.kind;
}

/** How a replay counts one record by a candidate. */
function counted(record: PastDecision, bundle: typeof asking, input = INPUT) {
  const judged = judge(bundle, record, input, CANDIDATE);
  if (judged.kind !== 'decided') throw new Error(judged.kind);
  const tally = createTally();
  tally.add(record, outcomeOf(recordedVerdict(record, true)), outcomeOf(judged));

  return tally.report(1);
}

describe('replaying by a candidate', () => {
  test.each([
    ['was left to people', required],
    ['named an approval that was not good', invalid],
  ])('finds nothing different by the bundle that decided a denial which %s', (_what, record) => {
    expect(counted(record, asking)).toMatchObject({ flips: { all: 0 }, otherwise_decided: 0 });
  });

  test('tells that people are asked by now, or no more', () => {
    expect(counted(forbidden, asking)).toMatchObject({ flips: { all: 0 }, otherwise_decided: 1 });
    expect(counted(required, forbidding)).toMatchObject({ flips: { all: 0 }, otherwise_decided: 1 });
    expect(counted(forbidden, forbidding)).toMatchObject({ flips: { all: 0 }, otherwise_decided: 0 });
  });

  test('tells of a flip that people could lift it, or could before', () => {
    expect(counted(allowed, asking).groups).toMatchObject([
      {
        from: 'allow',
        to: 'deny',
        after: { code: 'approval_required', policies: ['large-payments'] },
      },
    ]);
    expect(counted(required, free).groups).toMatchObject([
      { from: 'deny', to: 'allow', before: { code: 'approval_required' } },
    ]);
  });

  test('goes by the approval that a record tells, and asks nobody else', () => {
    const approval = {
      by: ['User::"fay"'],
      at: { __extn: { fn: 'datetime', arg: '2026-11-29T10:00:00Z' } },
      count: 1n,
    };
    const approved = { ...allowed, facts: { approval } };

    expect(codeBy(asking, approved)).toBe('permitted');
    expect(codeBy(asking, { ...forbidden, facts: { approval } }, inputOf('moon'))).toBe('forbidden');
  });

  test('asks nobody where another forbid stands, and where nobody could be asked then', () => {
    expect(codeBy(asking, required, inputOf('moon'))).toBe('forbidden');
    expect(codeBy(free, invalid)).toBe('permitted');
    expect(codeBy(forbidding, invalid)).toBe('forbidden');
    expect(codeBy(asking, { ...required, run_refusal: 'missing' })).toBe('forbidden');
    expect(
      codeBy(asking, { ...forbidden, decision: 'allow', enforcement: 'monitored', reason_code: 'forbidden' }),
    ).toBe('forbidden');
  });

  test('does not take for supported what a denied client may not have supported', () => {
    expect(codeBy(obliging, forbidden)).toBe('forbidden');
    expect(codeBy(obliging, required)).toBe('approval_required');
    expect(codeBy(obliging, allowed)).toBe('approval_required');
  });
});

test('verifying a record leaves what people said out of it', () => {
  const judged = judge(asking, required, INPUT, ORIGINAL);

  expect(judged).toMatchObject({ decision: 'deny', reasonCode: 'forbidden' });
  expect(recordedVerdict(required)).toMatchObject({ decision: 'deny', reasonCode: 'forbidden' });
  expect(recordedVerdict(invalid)).toMatchObject({ decision: 'deny', reasonCode: 'forbidden' });
});

describe('comparing a candidate', () => {
  test('tells of each side whether people could lift it', () => {
    const one = { input: INPUT, at: 0 };

    expect(compare(free, asking, one)).toMatchObject({
      active: { verdict: { decision: 'allow', reasonCode: 'permitted' } },
      candidate: { verdict: { decision: 'deny', reasonCode: 'approval_required' }, failed: false },
    });
    expect(compare(asking, forbidding, one)).toMatchObject({
      active: { verdict: { reasonCode: 'approval_required' } },
      candidate: { verdict: { reasonCode: 'forbidden' } },
    });
  });
});
