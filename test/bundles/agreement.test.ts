import { describe, expect, test } from 'vitest';
import { findDisagreement, firstDifference, requestsOf } from '../../services/bundles/agreement.ts';
import { createCedar } from '../../services/bundles/cedar.ts';
import { compileBundle } from '../../services/bundles/compile.ts';
import { readBundleDirectory } from '../../services/bundles/files.ts';
import { parseBundle, partsOf } from '../../services/bundles/parse.ts';
import { createProblems } from '../../services/bundles/problems.ts';
import { readTests } from '../../services/bundles/tests.ts';
import { PdpError } from '../../services/engine/error.ts';
import type { Evaluation, Evaluator } from '../../services/engine/evaluator.ts';

const { files } = await readBundleDirectory('policies/coding-agent');
const problems = createProblems();
const parts = partsOf(parseBundle(files, createCedar(), problems), files);
if (parts === undefined) throw new Error('the bundle does not read');
const tests = readTests(files, problems);
const compiled = await compileBundle(parts, 'compiled');
const cedar = await compileBundle(parts, 'cedar');

/** The compiled evaluator with one fault. */
function faulty(change: (evaluation: Evaluation) => Evaluation): { readonly evaluator: Evaluator } {
  const { evaluator } = compiled;

  return { evaluator: { ...evaluator, evaluate: (request) => change(evaluator.evaluate(request)) } };
}

const compare = (bundle: { readonly evaluator: Evaluator }) =>
  firstDifference(bundle, cedar.evaluator, requestsOf(parts.policies, compiled, tests));

describe('the evaluators of a bundle', () => {
  test('agree on every test and on a request for each policy', async () => {
    expect(await findDisagreement(parts, tests)).toBeUndefined();
    expect([...requestsOf(parts.policies, compiled, tests)].length).toBeGreaterThan(tests.length);
  });

  test.each<[string, (evaluation: Evaluation) => Evaluation]>([
    ['the decision', (evaluation) => ({ ...evaluation, decision: 'allow' })],
    [
      'a policy that determines',
      ({ determining, ...rest }) => ({ ...rest, determining: determining.slice(1) }),
    ],
    [
      'a policy that fails',
      (evaluation) => ({ ...evaluation, errors: [{ policyId: 'no-push-to-main', message: '' }] }),
    ],
  ])('differ where one of them has %s otherwise', (_what, change) => {
    expect(compare(faulty(change))).toMatchObject({
      where: expect.stringMatching(/^(the test|a request made for) /),
      compiled: expect.any(String),
      cedar: expect.any(String),
    });
  });

  test('do not differ where one of them is over a limit', () => {
    const limited = faulty(() => {
      throw new PdpError('too_large', 'over a limit');
    });

    expect(compare(limited)).toBeUndefined();
  });

  test('differ where one of them fails inside', () => {
    const failing = faulty(() => {
      throw new PdpError('internal', 'failed');
    });

    expect(compare(failing)).toMatchObject({ compiled: 'internal' });
  });
});
