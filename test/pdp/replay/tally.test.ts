import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import type { PastDecision } from '../../../services/ledger/history.ts';
import { errorOutcome, exampleOf } from '../../../services/pdp/replay/example.ts';
import {
  type Outcome,
  type OutcomeKind,
  outcomeOf,
  recordedVerdict,
} from '../../../services/pdp/replay/outcome.ts';
import { createTally, rateText } from '../../../services/pdp/replay/tally.ts';
import { pastDecision } from './support/past-decision.ts';

const OUTCOMES: Readonly<Record<OutcomeKind, Outcome>> = {
  allow: { kind: 'allow', code: 'permitted', policies: ['p'] },
  deny: { kind: 'deny', code: 'forbidden', policies: ['f'] },
  policy_error: { kind: 'policy_error', code: 'policy_error', policies: ['e'] },
  error: { kind: 'error', code: 'invalid_request', policies: [], field: 'context.x', message: 'missing' },
};

function flipsOf(from: OutcomeKind, to: OutcomeKind): string[] {
  const tally = createTally();
  tally.add(pastDecision(), OUTCOMES[from], OUTCOMES[to]);

  return Object.entries(tally.report(1).flips).flatMap(([name, count]) => (count === 1 ? [name] : []));
}

describe('a flip', () => {
  test.each<[OutcomeKind, OutcomeKind, string[]]>([
    ['allow', 'deny', ['all', 'allow_to_deny']],
    ['allow', 'policy_error', ['all', 'allow_to_deny', 'to_policy_error']],
    ['allow', 'error', ['all', 'to_error']],
    ['deny', 'allow', ['all', 'deny_to_allow']],
    ['deny', 'policy_error', ['all', 'to_policy_error']],
    ['deny', 'error', ['all', 'to_error']],
    ['policy_error', 'allow', ['all', 'deny_to_allow', 'from_policy_error']],
    ['policy_error', 'deny', ['all', 'from_policy_error']],
    ['policy_error', 'error', ['all', 'to_error']],
    ['allow', 'allow', []],
    ['deny', 'deny', []],
    ['policy_error', 'policy_error', []],
  ])('from %s to %s counts as %j', (from, to, names) => {
    expect(flipsOf(from, to)).toEqual(names);
  });

  test('is grouped by the policies of both sides, the most frequent first, with the first five as examples', () => {
    const tally = createTally();
    const now = (policy: string): Outcome => ({ kind: 'deny', code: 'forbidden', policies: [policy] });
    for (let index = 0; index < 7; index += 1) {
      tally.add(pastDecision({ request_id: `${index}` }), OUTCOMES.allow, now('often'));
    }
    tally.add(pastDecision(), OUTCOMES.allow, now('once'));
    const { groups, ungrouped } = tally.report(1_000);

    expect(ungrouped).toBe(0);
    expect(groups.map(({ after, count, rate }) => [after.policies, count, rate])).toEqual([
      [['often'], 7, '0.7%'],
      [['once'], 1, '0.1%'],
    ]);
    expect(groups[0]?.examples).toHaveLength(5);
  });

  test('of ever new causes takes bounded memory, and is counted all the same', () => {
    const tally = createTally();
    for (let index = 0; index < 700; index += 1) {
      tally.add(pastDecision(), OUTCOMES.allow, { kind: 'deny', code: 'forbidden', policies: [`p${index}`] });
    }
    const { groups, ungrouped, flips } = tally.report(700);

    expect(groups).toHaveLength(500);
    expect(ungrouped).toBe(200);
    expect(flips.all).toBe(700);
  });
});

test('the same decision for another reason or by other policies is no flip, and is counted', () => {
  const tally = createTally();
  const deny = (code: string, ...policies: string[]): Outcome => ({ kind: 'deny', code, policies });
  tally.add(pastDecision(), deny('forbidden', 'a'), deny('forbidden', 'a'));
  tally.add(pastDecision(), deny('forbidden', 'a'), deny('forbidden', 'b'));
  tally.add(pastDecision(), deny('forbidden', 'a'), deny('forbidden', 'a', 'b'));
  tally.add(pastDecision(), deny('forbidden', 'a'), deny('not_permitted'));

  expect(tally.report(4)).toMatchObject({ otherwise_decided: 3, flips: { all: 0 }, groups: [] });
});

test('a deny because a policy failed is an outcome of its own, by the policies that failed', () => {
  const decided = { decision: 'deny', determining: ['p'], failing: ['f'] } as const;

  expect(outcomeOf({ ...decided, reasonCode: 'policy_error' })).toEqual({
    kind: 'policy_error',
    code: 'policy_error',
    policies: ['f'],
  });
  expect(outcomeOf({ ...decided, reasonCode: 'forbidden' })).toMatchObject({ kind: 'deny', policies: ['p'] });
  expect(outcomeOf({ ...decided, decision: 'allow', reasonCode: 'permitted' })).toMatchObject({
    kind: 'allow',
  });
});

describe('the verdict of a record', () => {
  const failed = [{ policy_id: 'f', message: '' }];

  test.each<[string, Partial<PastDecision>]>([
    ['forbidden', { cedar_decision: 'deny', determining: ['p'], policy_errors: failed }],
    ['not_permitted', { cedar_decision: 'deny', determining: [], policy_errors: [] }],
    ['policy_error', { cedar_decision: 'deny', determining: [], policy_errors: failed }],
    ['policy_error', { cedar_decision: 'allow', determining: ['p'], policy_errors: failed }],
  ])('is what its policies said, %s, where they were only monitored', (reasonCode, changes) => {
    const replied = pastDecision({ ...changes, decision: 'allow', reason_code: 'permitted' });

    expect(recordedVerdict({ ...replied, policy_decision: 'deny' })).toMatchObject({
      decision: 'deny',
      reasonCode,
      determining: changes.determining,
    });
    expect(recordedVerdict(replied)).toMatchObject({ decision: 'allow', reasonCode: 'permitted' });
  });
});

test.each([
  [0, 0, '0%'],
  [0, 10, '0%'],
  [1, 3, '33.3%'],
  [10, 10, '100%'],
  [1, 10_000_000, '0.00001%'],
])('%d of %d is %s', (count, of, text) => {
  expect(rateText(count, of)).toBe(text);
});

describe('an example', () => {
  test('shows what the record discloses, exact, and cuts what is long', () => {
    const disclosed: PastDecision['disclosed'] = {
      'input.n': 9_007_199_254_740_993n,
      'input.body': 'x'.repeat(5_000),
    };
    const example = exampleOf(
      pastDecision({ disclosed, principal: { type: 'Agent', id: 'a'.repeat(60_000) } }),
    );

    expect(example.disclosed).toEqual({ 'input.n': 9_007_199_254_740_993n });
    expect(example.disclosed_elsewhere).toEqual(['input.body']);
    expect(example.principal).toBe(`Agent::"${'a'.repeat(256)}…"`);
  });

  test('of many paths and of paths with odd names stays bounded and whole', () => {
    const odd: [string, string][] = Array.from({ length: 100 }, (_, index) => [`p${index}`, 'v']);
    const disclosed = Object.fromEntries([['__proto__', 'v'], ...odd]);
    const example = exampleOf(pastDecision({ disclosed }));

    expect(Object.keys(example.disclosed)).toHaveLength(20);
    expect(Object.hasOwn(example.disclosed, '__proto__')).toBe(true);
    expect(example.disclosed_elsewhere.length).toBeLessThanOrEqual(20);
  });

  test('of an error groups positions, and shows no name of a tag, which is data', () => {
    const field = 'entities[17].tags.secret-project[3]';

    expect(errorOutcome(new PdpError('invalid_request', `${field} is wrong`, { field }))).toEqual({
      kind: 'error',
      code: 'invalid_request',
      policies: [],
      field: 'entities[].tags',
      message: 'entities[].tags is wrong',
    });
  });
});
