import { describe, expect, test } from 'vitest';
import type { PastDecision } from '../../../services/ledger/history.ts';
import { judge } from '../../../services/pdp/replay/judge.ts';
import { outcomeOf, recordedVerdict } from '../../../services/pdp/replay/outcome.ts';
import { compare } from '../../../services/pdp/trial/compare.ts';
import { judgeAgain } from '../../../services/pdp/verify/judge.ts';
import { compiled } from '../limits/support.ts';
import { pastDecision } from '../replay/support/past-decision.ts';
import { agentBundle } from './support.ts';

const LAXER = `@id("pii-too")
forbid (principal, action == Action::"post", resource) when { context.pdp.run.labels.contains("pii") };`;
const [bundle, candidate] = await Promise.all([
  compiled(agentBundle()),
  compiled(agentBundle({ policies: LAXER })),
]);

const input = (action: string) =>
  JSON.stringify({
    principal: { type: 'Bot', id: 'b' },
    action: { type: 'Action', id: action },
    resource: { type: 'Site', id: 's' },
    context: {},
    entities: [],
  });
const labels = (...run: string[]) => ({ run: { labels: run } });
const CANDIDATE = { withDigest: false, deriveFacts: true };

describe('a decision that depended on a run', () => {
  test('is replayed by what the run knew then', () => {
    const replayed = (facts: ReturnType<typeof labels>, by = bundle) =>
      judge(by, pastDecision({ facts }), input('post'), CANDIDATE);

    expect(replayed(labels('public'))).toMatchObject({ decision: 'allow' });
    expect(replayed(labels('secret'))).toMatchObject({ determining: ['no-secrets-outside'] });
    expect(replayed(labels('pii'))).toMatchObject({ decision: 'allow' });
    expect(replayed(labels('pii'), candidate)).toMatchObject({ determining: ['pii-too'] });
    expect(judge(bundle, pastDecision({ facts: {} }), input('post'), CANDIDATE)).toEqual({
      kind: 'unreadable',
    });
  });

  test('is replayed with the times of its actions', () => {
    const tests = (last: string) => ({
      now: { __extn: { fn: 'datetime', arg: '2026-11-29T10:00:00.000Z' } },
      run: { actions: { run_tests: { count: 1n, last: { __extn: { fn: 'datetime', arg: last } } } } },
    });
    const replayed = (last: string) =>
      judge(bundle, pastDecision({ facts: tests(last) }), input('deploy'), CANDIDATE);

    expect(replayed('2026-11-29T09:00:00.000Z')).toMatchObject({ decision: 'allow' });
    expect(replayed('2026-11-29T08:59:59.999Z')).toMatchObject({ determining: ['tests-first'] });
  });

  test('that was denied for want of one is compared by what policies said of an empty one', () => {
    const refused = {
      run_refusal: 'missing',
      decision: 'deny',
      reason_code: 'not_permitted',
      policy_errors: [],
    } satisfies Partial<PastDecision>;
    const allowed = pastDecision({ ...refused, policy_decision: 'allow', determining: ['anything'] });
    const denied = pastDecision({
      ...refused,
      cedar_decision: 'deny',
      policy_decision: 'deny',
      determining: ['tests-first'],
    });

    expect(outcomeOf(recordedVerdict(allowed))).toMatchObject({ kind: 'allow', code: 'permitted' });
    expect(outcomeOf(recordedVerdict(denied))).toMatchObject({ kind: 'deny', code: 'forbidden' });
  });

  test('is judged again, and by a candidate, with the same run', () => {
    const facts = '{"run":{"labels":["internal","pii","public"]}}';
    const served = { decision: 'allow', determining: ['anything'], failing: [] } as const;

    const asked = { digest: bundle.ref.digest, input: input('post'), facts, served };
    expect(judgeAgain(bundle, asked)).toEqual({ kind: 'equal' });
    expect(compare(bundle, candidate, { input: input('post'), at: 0, facts })).toMatchObject({
      active: { verdict: { decision: 'allow' } },
      candidate: { verdict: { decision: 'deny', determining: ['pii-too'] } },
    });
    expect(compare(bundle, candidate, { input: input('post'), at: 0 })).toMatchObject({ kind: 'failed' });
  });
});
