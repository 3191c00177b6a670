import { obligationText } from '../engine/obligation.ts';
import { createTracedEvaluator } from '../engine/traced/evaluator.ts';
import { type ApprovalData, approvalData, groupList, ttlText } from './approvals/text.ts';
import type { WantedApproval } from './approvals/wanted.ts';
import { createCedar } from './cedar.ts';
import { type CompiledBundle, compileBundle } from './compile.ts';
import { type CoverageReport, createCoverage } from './coverage.ts';
import type { BundleFiles } from './files.ts';
import { type ParsedBundle, parseBundle, partsOf } from './parse.ts';
import { placesOf } from './places.ts';
import type { Problem } from './problem.ts';
import { createProblems } from './problems.ts';
import { answerTest, resultOf, type TestAnswer, type TestResult } from './run-tests.ts';
import { type BundleTest, readTests } from './tests.ts';
import { watchedEvaluator } from './watched-evaluator.ts';

/** How the tests of a bundle went, and what they saw of it; plain data. */
export interface TestReport {
  readonly digest: string;
  /** Absent where bundle.yaml could not be read. */
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** What is wrong with the files; an error keeps the tests from running. */
  readonly problems: readonly Problem[];
  /** Absent where the tests did not run. */
  readonly tests: TestRun | undefined;
  readonly coverage: CoverageReport | undefined;
}

export interface TestRun {
  readonly passed: number;
  readonly failed: number;
  /** Tests that the filter left out. */
  readonly left_out: number;
  readonly results: readonly ToldResult[];
}

/** A result with what was wanted and what came. */
export interface ToldResult extends TestResult {
  readonly want: Answer;
  readonly got: Answer | Refusal;
}

/** What is absent from a wanted answer is not compared. */
export interface Answer {
  readonly decision: string;
  readonly reason_code?: string;
  /** Whose word would lift a denial, where that is the answer. */
  readonly approval?: ApprovalData;
  readonly determining?: readonly string[];
  /** As `@obligation` writes them. */
  readonly obligations?: readonly string[];
  /** Ids of policies that failed; in the format of `cedar run-tests` only their number is wanted. */
  readonly errors: readonly string[] | number;
}

export interface Refusal {
  readonly error: string;
  readonly field?: string;
  readonly message: string;
}

export interface TestOptions {
  /** Only tests whose file or name holds this text, in any case. */
  readonly filter?: string | undefined;
}

/**
 * Runs the tests of a bundle and measures what they see of its policies. Reads by all the rules of reading, and does not validate:
 * that is for `checkBundle`. Blocks; see {@link ./worker/test.ts}.
 */
export async function testBundle(files: BundleFiles, { filter = '' }: TestOptions = {}): Promise<TestReport> {
  const problems = createProblems();
  const bundle = parseBundle(files, createCedar(), problems);
  const tests = readTests(files, problems);
  const manifest = bundle.manifest?.manifest;
  const parts = partsOf(bundle, files);
  const base = {
    digest: bundle.digest,
    name: manifest?.name,
    version: manifest?.version,
    problems: problems.sorted(),
  };
  if (parts === undefined || problems.errors > 0) return { ...base, tests: undefined, coverage: undefined };

  const chosen = tests.filter((test) => isChosen(test, filter));

  return { ...base, ...run(await compileBundle(parts), bundle, chosen, tests.length) };
}

function isChosen({ name, source }: BundleTest, filter: string): boolean {
  const wanted = filter.toLowerCase();

  return name.toLowerCase().includes(wanted) || source.path.includes(wanted);
}

function run(
  compiled: CompiledBundle,
  { parsed, policies }: ParsedBundle,
  tests: readonly BundleTest[],
  all: number,
): Pick<TestReport, 'tests' | 'coverage'> {
  const coverage = createCoverage(policies);
  const traced = createTracedEvaluator(compiled.schema, policies, coverage);
  const watched = { ...compiled, evaluator: watchedEvaluator(compiled.evaluator, traced) };
  const results = tests.map((test) => {
    const answer = answerTest(compiled, test, watched);
    if (answer.kind === 'decided') coverage.determined(answer.decision.evaluation);

    return tell(test, answer);
  });
  const passed = results.filter((result) => result.passed).length;

  return {
    tests: { passed, failed: results.length - passed, left_out: all - tests.length, results },
    coverage: coverage.report(traced, placesOf(parsed)),
  };
}

function tell(test: BundleTest, answer: TestAnswer): ToldResult {
  const { decision, reasonCode, approval, determining, obligations, errors } = test.want;

  return {
    ...resultOf(test, answer),
    want: {
      decision,
      ...(reasonCode === undefined ? {} : { reason_code: reasonCode }),
      ...(approval === undefined ? {} : { approval: wantedData(approval) }),
      ...(determining === undefined ? {} : { determining: determining.ids }),
      ...(obligations === undefined ? {} : { obligations }),
      errors: typeof errors === 'bigint' ? Number(errors) : errors,
    },
    got: gotOf(answer),
  };
}

function wantedData({ groups, ttlMs }: WantedApproval): ApprovalData {
  return { groups: groupList(groups), ...(ttlMs === undefined ? {} : { ttl: ttlText(ttlMs) }) };
}

function gotOf(answer: TestAnswer): Answer | Refusal {
  if (answer.kind === 'refused') {
    const { code, field, message } = answer.error;
    return { error: code, ...(field === undefined ? {} : { field }), message };
  }

  const { evaluation, verdict, approval } = answer.decision;

  return {
    decision: verdict.decision,
    reason_code: verdict.reasonCode,
    ...(approval === undefined ? {} : { approval: approvalData(approval) }),
    determining: evaluation.determining,
    obligations: verdict.obligations.map(obligationText),
    errors: evaluation.errors.map(({ policyId }) => policyId),
  };
}
