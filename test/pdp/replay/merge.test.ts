import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDifferences } from '../../../services/pdp/replay/differences.ts';
import { mergeReports } from '../../../services/pdp/replay/merge.ts';
import type { Outcome } from '../../../services/pdp/replay/outcome.ts';
import {
  type CandidateReport,
  UNREPLAYED_REASONS,
  type VerificationReport,
} from '../../../services/pdp/replay/report.ts';
import { createTally } from '../../../services/pdp/replay/tally.ts';
import { pastDecision } from './support/past-decision.ts';

const OUTCOMES: readonly Outcome[] = [
  { kind: 'allow', code: 'permitted', policies: ['p'] },
  { kind: 'deny', code: 'forbidden', policies: ['f'] },
  { kind: 'deny', code: 'forbidden', policies: ['f', 'g'] },
  { kind: 'deny', code: 'not_permitted', policies: [] },
  { kind: 'policy_error', code: 'policy_error', policies: ['e'] },
  { kind: 'error', code: 'invalid_request', policies: [], field: 'action', message: 'there is none' },
];

interface Judged {
  readonly id: number;
  readonly share: number;
  readonly before: Outcome;
  readonly after: Outcome;
}

const judged = fc.record({
  share: fc.integer({ min: 0, max: 2 }),
  before: fc.constantFrom(...OUTCOMES.slice(0, 5)),
  after: fc.constantFrom(...OUTCOMES),
});
const histories = fc
  .array(judged, { maxLength: 60 })
  .map((all) => all.map((one, index): Judged => ({ ...one, id: all.length - index })));

const nothingLost = Object.fromEntries(
  UNREPLAYED_REASONS.map((reason) => [reason, 0]),
) as CandidateReport['unreplayed'];

function decisionOf({ id }: Pick<Judged, 'id'>) {
  return pastDecision({
    decision_id: `01a2225e-d8f5-7729-82d4-${String(id).padStart(12, '0')}`,
    time: '2026-11-28T12:00:00.000Z',
  });
}

function candidateReport(history: readonly Judged[]): CandidateReport {
  const tally = createTally();
  for (const one of history) tally.add(decisionOf(one), one.before, one.after);

  return {
    kind: 'candidate',
    bundle: { name: 'docs', version: '1.0.0', digest: 'sha256:' },
    evaluator: 'compiled',
    ...tally.report(history.length),
    read: history.length + 1,
    replayed: history.length,
    unreplayed: { ...nothingLost, input_erased: 1 },
    elapsed_ms: history.length,
  };
}

function verificationReport(ids: readonly number[]): VerificationReport {
  const differences = createDifferences();
  for (const id of ids) {
    const verdict = { decision: 'allow', reasonCode: 'permitted', determining: ['x'], failing: [] } as const;
    differences.add(decisionOf({ id }), { kind: 'decided', ...verdict, requestDigest: 'sha256:' });
  }
  const { length } = ids;

  return {
    kind: 'verification',
    ...differences.report(),
    read: length,
    replayed: length,
    unreplayed: nothingLost,
    elapsed_ms: 1,
  };
}

describe('the reports of all shares', () => {
  test('make the report of the whole: flips, causes, rates and the newest examples', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const shares = [0, 1, 2].map((index) =>
          candidateReport(history.filter(({ share }) => share === index)),
        );
        // One share alone only brings the causes into their order.
        const whole = mergeReports([candidateReport(history)]);

        expect(mergeReports(shares)).toEqual({
          ...whole,
          read: history.length + 3,
          unreplayed: { ...nothingLost, input_erased: 3 },
          elapsed_ms: Math.max(...shares.map(({ elapsed_ms }) => elapsed_ms)),
        });
      }),
    );
  });

  test('keep the newest differences, and count all', () => {
    const ids = Array.from({ length: 300 }, (_, index) => 300 - index);
    const shares = [0, 1].map((share) => verificationReport(ids.filter((id) => id % 2 === share)));
    const merged = mergeReports(shares) as VerificationReport;

    expect(merged).toMatchObject({ differing: 300, read: 300, replayed: 300 });
    expect(merged.differences).toEqual(verificationReport(ids).differences);
  });

  test('stay bounded, and count the flips of causes that are too many', () => {
    const many = (from: number) => {
      const flips = Array.from({ length: 400 }, (_, index): Judged => {
        const after: Outcome = { kind: 'deny', code: 'forbidden', policies: [`p${from + index}`] };

        return { id: index, share: 0, before: OUTCOMES[0] as Outcome, after };
      });

      return candidateReport(flips);
    };
    const merged = mergeReports([many(0), many(1_000)]) as CandidateReport;

    expect(merged.groups).toHaveLength(500);
    expect(merged).toMatchObject({ ungrouped: 300, flips: { all: 800 } });
  });

  test('are of one kind', () => {
    expect(() => mergeReports([])).toThrow();
    expect(() => mergeReports([candidateReport([]), verificationReport([])])).toThrow();
  });
});
