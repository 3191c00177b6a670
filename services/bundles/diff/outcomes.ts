import { inspect } from 'node:util';
import type { CompiledBundle } from '../compile.ts';
import { jsonOf } from '../lint/expression.ts';
import { compareText } from '../problem.ts';
import { answerTest, resultOf } from '../run-tests.ts';
import type { BundleTest } from '../tests.ts';
import type { Changed, Outcome, OutcomeChange, TestName } from './report.ts';

interface Side {
  readonly compiled: CompiledBundle;
  readonly tests: readonly BundleTest[];
}

/** Tests that one bundle alone has, and those of one name that ask or want something else. */
export function diffTests(a: readonly BundleTest[], b: readonly BundleTest[]): Changed<TestName> {
  const [before, after] = [byName(a), byName(b)];
  const only = (some: Tests, others: Tests): TestName[] =>
    [...some].filter(([key]) => !others.has(key)).map(([, test]) => nameOf(test));

  return {
    added: only(after, before),
    removed: only(before, after),
    changed: [...after].flatMap(([key, test]) => {
      const old = before.get(key);

      return old === undefined || contentOf(old) === contentOf(test) ? [] : [nameOf(test)];
    }),
  };
}

/** Runs the tests of both bundles by both. @returns those that are answered differently, decisions that turn first. */
export function diffOutcomes(a: Side, b: Side): readonly OutcomeChange[] {
  const [before, after] = [byName(a.tests), byName(b.tests)];
  const isShared = (key: string): boolean => {
    const [old, now] = [before.get(key), after.get(key)];

    return old !== undefined && now !== undefined && contentOf(old) === contentOf(now);
  };
  const all = [
    ...[...before].map(([key, test]) => ({ test, of: isShared(key) ? ('both' as const) : ('a' as const) })),
    ...[...after].flatMap(([key, test]) => (isShared(key) ? [] : [{ test, of: 'b' as const }])),
  ];

  return all
    .flatMap(({ test, of }): OutcomeChange[] => {
      const change = { before: outcomeOf(a.compiled, test), after: outcomeOf(b.compiled, test) };

      return jsonOf(change.before) === jsonOf(change.after) ? [] : [{ ...nameOf(test), of, ...change }];
    })
    .sort((x, y) => Number(turns(y)) - Number(turns(x)));
}

function turns({ before, after }: OutcomeChange): boolean {
  return before.decision !== after.decision;
}

type Tests = ReadonlyMap<string, BundleTest>;

/** Tests of one file may share a name: they are told apart by how many came before. */
function byName(tests: readonly BundleTest[]): Tests {
  const named = new Map<string, BundleTest>();
  for (const test of tests) {
    const base = jsonOf([test.source.path, test.name]);
    let key = base;
    for (let copy = 2; named.has(key); copy += 1) key = `${base} ${copy}`;
    named.set(key, test);
  }

  return new Map([...named].sort(([x], [y]) => compareText(x, y)));
}

function nameOf({ source, name }: BundleTest): TestName {
  return { file: source.path, name };
}

/** All that a test asks and wants, as text; how its file writes it does not count. */
function contentOf({ asked, facts, want }: BundleTest): string {
  return inspect({ asked, facts, want }, { depth: null, maxArrayLength: null, maxStringLength: null });
}

function outcomeOf(bundle: CompiledBundle, test: BundleTest): Outcome {
  const answer = answerTest(bundle, test);
  const { passed } = resultOf(test, answer);
  if (answer.kind === 'refused') {
    return { passed, decision: 'refused', why: `${answer.error.code}: ${answer.error.message}` };
  }

  const { evaluation, verdict } = answer.decision;
  const policies = [...evaluation.determining].sort(compareText);
  const failed = evaluation.errors.map(({ policyId }) => policyId).sort(compareText);
  const why = [
    verdict.reasonCode,
    ...(policies.length === 0 ? [] : [`by ${policies.join(', ')}`]),
    ...(failed.length === 0 ? [] : [`failing ${failed.join(', ')}`]),
  ];

  return { passed, decision: verdict.decision, why: why.join(' ') };
}
