import { exceedsLimit, LIMITS } from '../engine/limits.ts';
import type { Schema } from '../engine/schema/schema.ts';
import { createPolicyIndex, type PolicyIndex } from '../engine/slice/policy-index.ts';
import { createSliceLimits } from '../engine/slice/slice-limits.ts';
import { findDisagreement } from './agreement.ts';
import { type Allowances, createAllowances } from './allowances.ts';
import { type Cedar, createCedar } from './cedar.ts';
import { type BundleParts, compileBundle } from './compile.ts';
import { type BundleFiles, LINKS_PATH, MANIFEST_PATH } from './files.ts';
import { lintBundle } from './lint/lint.ts';
import { isLint } from './lint/names.ts';
import type { Manifest } from './manifest.ts';
import { type ParsedBundle, parseBundle, partsOf } from './parse.ts';
import { headOf, type ParsedPolicy } from './policies.ts';
import type { Problem } from './problem.ts';
import { createProblems, type Problems } from './problems.ts';
import { runTest, type TestResult } from './run-tests.ts';
import type { ParsedSchema } from './schema.ts';
import { type BundleTest, readTests } from './tests.ts';
import { tryPolicies } from './trial.ts';
import { validatePolicies } from './validate.ts';

/** What `check` found, as plain data. */
export interface CheckReport {
  readonly digest: string;
  /** Whether the bundle may be stored as deployable: there is no error. */
  readonly ok: boolean;
  /** Absent where bundle.yaml could not be read. */
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly manifest: Manifest | undefined;
  readonly problems: readonly Problem[];
  readonly policies: number;
  readonly templates: number;
  /** Policies that no scope narrows: every request pays for them. */
  readonly unanchored: number;
  readonly entities: number;
  /** Absent where problems kept the tests from running. */
  readonly tests: TestSummary | undefined;
  /** What judged the bundle; it is to be checked again under another. */
  readonly cedar: { readonly language: string; readonly sdk: string };
}

export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly results: readonly TestResult[];
}

export interface CheckOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CheckProgress) => void;
}

export interface CheckProgress {
  readonly phase: 'validate' | 'evaluate' | 'test' | 'lint';
  readonly done: number;
}

/**
 * Checks a bundle and reports everything that is wrong with it: the files, strict validation, every policy evaluated once,
 * every test. Blocks its thread for up to 100 ms at a time, and longer while it reads policies.
 * @throws the reason of the signal, once it aborted.
 */
export async function checkBundle(files: BundleFiles, options: CheckOptions = {}): Promise<CheckReport> {
  const cedar = createCedar();
  const problems = createProblems();
  const bundle = parseBundle(files, cedar, problems);
  const { schema, parsed, policies } = bundle;
  const tests = readTests(files, problems);
  const allowances = createAllowances(bundle.manifest);
  const readable = problems.errors === 0;
  let unanchored = 0;

  if (schema !== undefined) {
    const index = createPolicyIndex(schema.schema, policies);
    unanchored = index.unanchored.length;
    checkSlices(index, schema.schema, problems);
    await pace('validate', validateAll(bundle, schema, allowances, cedar, problems), options);
    await pace('evaluate', evaluateAll(bundle, schema, problems), options);
  }

  const valid = problems.errors === 0;
  const results = readable ? await runTests(bundle, files, tests, problems, options) : undefined;
  // Last, so that no number of warnings hides an error. Of a bundle that is not valid, lints could say what is not true.
  let linted = false;
  const lint = function* (): Generator<number> {
    linted = yield* lintBundle(bundle, files, allowances, problems);
  };
  if (valid) await pace('lint', lint(), options);
  allowances.reportUnused(problems, (finding) => (isLint(finding) ? linted : schema !== undefined));
  const manifest = bundle.manifest?.manifest;

  return {
    digest: bundle.digest,
    ok: problems.errors === 0,
    name: manifest?.name,
    version: manifest?.version,
    manifest,
    problems: problems.sorted(),
    policies: policies.length,
    templates: parsed.filter(({ slots }) => slots.length > 0).length,
    unanchored,
    entities: bundle.entities.length,
    tests: results && summaryOf(results),
    cedar: cedar.version,
  };
}

/** What a request would be refused for at run time is refused here, before it is deployed. */
function checkSlices(index: PolicyIndex, schema: Schema, problems: Problems): void {
  const unanchored = index.unanchored.length;
  if (unanchored > LIMITS.unanchored_policies) {
    const { message } = exceedsLimit(
      'unanchored_policies',
      `the number of unanchored policies, ${unanchored},`,
    );
    problems.of(MANIFEST_PATH, 'limit_exceeded', message, {
      help: 'a policy is anchored by a principal, resource or action that its scope names',
    });
  }

  const limits = createSliceLimits(index.policies);
  for (const { uid, principalTypes, resourceTypes } of schema.actions.values()) {
    const slices = [...principalTypes].flatMap((principal) =>
      [...resourceTypes].map((resource) =>
        index.slice({ principal: bare(principal), action: uid.key, resource: bare(resource) }),
      ),
    );
    const exceeded = slices.flatMap((positions) => limits.exceeded(positions) ?? []);
    const [name] = exceeded;
    if (name === undefined) continue;

    const { message } = exceedsLimit(name, `what every request for ${uid.key} selects`);
    problems.of(MANIFEST_PATH, 'limit_exceeded', message);
  }
}

/** An entity of which nothing but its type is known. */
function bare(type: string): { readonly type: string; readonly keys: readonly string[] } {
  return { type, keys: [] };
}

function* validateAll(
  { parsed, policies }: ParsedBundle,
  schema: ParsedSchema,
  allowances: Allowances,
  cedar: Cedar,
  problems: Problems,
): Generator<number> {
  const links = policies.filter(({ source }) => source.kind === 'link');

  yield* validatePolicies({ schemaText: schema.text, allowances, parsed, links }, cedar, problems);
}

function* evaluateAll(bundle: ParsedBundle, schema: ParsedSchema, problems: Problems): Generator<number> {
  const byId = new Map(bundle.parsed.map((policy) => [policy.id, policy]));
  const { trapping, refused, incomplete } = yield* tryPolicies(schema.text, schema.schema, bundle.policies);

  for (const { id } of trapping) {
    report(id, byId.get(id), 'policy_traps', 'Cedar cannot evaluate this policy: it is too deep', problems);
  }
  for (const { policy, message } of refused) {
    report(
      policy.id,
      byId.get(policy.id),
      'check_incomplete',
      `this policy was not evaluated: ${message}`,
      problems,
    );
  }
  if (incomplete) {
    problems.of(MANIFEST_PATH, 'check_incomplete', 'evaluation stopped: too many policies trap Cedar');
  }
}

function report(
  id: string,
  policy: ParsedPolicy | undefined,
  code: 'policy_traps' | 'check_incomplete',
  message: string,
  problems: Problems,
): void {
  if (policy === undefined) problems.of(LINKS_PATH, code, `${id}: ${message}`, { policyId: id });
  else problems.at(policy.source, headOf(policy), code, message, { policyId: id });
}

/** The compiled evaluator serves what it was seen to judge as Cedar does, and nothing else. */
async function checkAgreement(
  parts: BundleParts,
  tests: readonly BundleTest[],
  problems: Problems,
): Promise<void> {
  const found = await findDisagreement(parts, tests);
  if (found === undefined) return;

  const { where, compiled, cedar } = found;
  const message = `${where}: the compiled evaluator says ${compiled}, Cedar ${cedar}`;
  problems.of(MANIFEST_PATH, 'evaluators_differ', message, {
    help: 'this is a fault of Palisade; please report it with the bundle',
  });
}

async function runTests(
  bundle: ParsedBundle,
  files: BundleFiles,
  tests: readonly BundleTest[],
  problems: Problems,
  options: CheckOptions,
): Promise<readonly TestResult[] | undefined> {
  const parts = partsOf(bundle, files);
  if (parts === undefined) return undefined;

  const compiled = await compileBundle(parts);
  const results: TestResult[] = [];
  const steps = function* (): Generator<number> {
    for (const test of tests) yield results.push(runTest(compiled, test, problems));
  };
  await pace('test', steps(), options);
  await checkAgreement(parts, tests, problems);

  return results;
}

function summaryOf(results: readonly TestResult[]): TestSummary {
  const passed = results.filter((result) => result.passed).length;

  return { passed, failed: results.length - passed, results };
}

/** Time that a step may take before other work on the thread has its turn. */
const SLICE_MS = 20;

async function pace(
  phase: CheckProgress['phase'],
  steps: Iterable<number>,
  options: CheckOptions,
): Promise<void> {
  let since = performance.now();

  for (const done of steps) {
    if (performance.now() - since < SLICE_MS) continue;
    options.onProgress?.({ phase, done });
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    options.signal?.throwIfAborted();
    since = performance.now();
  }
}
