import { PdpError } from '../engine/error.ts';
import { obligationText } from '../engine/obligation.ts';
import { type AnsweredDecision, answerBeside } from './answer.ts';
import { groupsText, ttlText } from './approvals/text.ts';
import type { CompiledBundle } from './compile.ts';
import { decideByBundle } from './decide.ts';
import type { Problems } from './problems.ts';
import { positionAt } from './source.ts';
import { withListed } from './stored/listed.ts';
import { testFacts } from './test-facts.ts';
import type { BundleTest, Wanted } from './tests.ts';

/** How one test of a bundle ended. */
export interface TestResult {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly passed: boolean;
  /** What was different from what the test wants, in words. */
  readonly differences: readonly string[];
}

/** What came of a test's request: a decision, or a refusal. */
export type TestAnswer =
  | { readonly kind: 'decided'; readonly decision: AnsweredDecision }
  | { readonly kind: 'refused'; readonly error: PdpError };

/** Runs one test through the same function that decides in production; a failed one is a problem. */
export function runTest(bundle: CompiledBundle, test: BundleTest, problems: Problems): TestResult {
  const result = resultOf(test, answerTest(bundle, test));
  for (const difference of result.differences) {
    problems.at(test.source, test.span, 'test_failed', `${JSON.stringify(test.name)}: ${difference}`);
  }

  return result;
}

/** Compares an answer with what the test wants. */
export function resultOf(test: BundleTest, answer: TestAnswer): TestResult {
  const differences =
    answer.kind === 'refused' ? [refusalText(answer.error)] : compare(answer.decision, test.want);

  return {
    file: test.source.path,
    line: positionAt(test.source, test.span?.start ?? 0).line,
    name: test.name,
    passed: differences.length === 0,
    differences,
  };
}

/**
 * Decides the request of a test; a request that does not fit the bundle is an answer too.
 * @param watched the same bundle, with an evaluator that is told what the test asks. What is only supposed, to find whether people could lift a
 * denial, it is not told.
 */
export function answerTest(
  bundle: CompiledBundle,
  { asked, facts }: BundleTest,
  watched: CompiledBundle = bundle,
): TestAnswer {
  const told = testFacts(bundle, asked, facts);

  try {
    const decided = withListed(bundle, asked, (own, options) => decideByBundle(watched, own, told, options));
    const { use, now } = facts;

    return {
      kind: 'decided',
      decision: answerBeside(bundle, decided, { use, now: now === undefined ? 0 : Number(now.epochMs) }),
    };
  } catch (error) {
    if (!(error instanceof PdpError)) throw error;

    return { kind: 'refused', error };
  }
}

function refusalText({ code, field, message }: PdpError): string {
  const place = field === undefined || message.includes(field) ? '' : `${field}: `;

  return `the request is refused (${code}): ${place}${message}`;
}

function compare({ evaluation, verdict, approval }: AnsweredDecision, want: Wanted): readonly string[] {
  const { determining } = evaluation;
  const errors = evaluation.errors.map(({ policyId }) => policyId);
  const differences: string[] = [];
  const expect = (what: string, same: boolean, got: string, wanted: string): void => {
    if (!same) differences.push(`${what} is ${got}, wanted ${wanted}`);
  };

  expect('decision', verdict.decision === want.decision, verdict.decision, want.decision);
  if (want.reasonCode !== undefined) {
    expect('reason_code', verdict.reasonCode === want.reasonCode, verdict.reasonCode, want.reasonCode);
  }
  if (want.approval !== undefined) {
    const { groups, ttlMs } = want.approval;
    const [got, wanted] = [groupsText(approval?.groups ?? []), groupsText(groups)];
    expect('approval.groups', got === wanted, got || 'none', wanted);
    if (ttlMs !== undefined) {
      expect(
        'approval.ttl',
        approval?.ttlMs === ttlMs,
        approval ? ttlText(approval.ttlMs) : 'none',
        ttlText(ttlMs),
      );
    }
  }
  if (want.determining !== undefined) {
    const { ids, all } = want.determining;
    const same =
      ids.every((id) => determining.includes(id)) && (!all || new Set(ids).size === determining.length);
    expect('determining', same, listed(determining), `${all ? '' : 'at least '}${listed(ids)}`);
  }
  if (want.obligations !== undefined) {
    const [got, wanted] = [listed(verdict.obligations.map(obligationText)), listed(want.obligations)];
    expect('obligations', got === wanted, got, wanted);
  }
  if (typeof want.errors === 'bigint') {
    expect(
      'the number of errors',
      BigInt(errors.length) === want.errors,
      listed(errors),
      String(want.errors),
    );
  } else {
    expect('errors', listed(errors) === listed(want.errors), listed(errors), listed(want.errors));
  }

  return differences;
}

function listed(ids: readonly string[]): string {
  return `[${ids.toSorted().join(', ')}]`;
}
