import { describe, expect, test } from 'vitest';
import { createCedar } from '../../../services/bundles/cedar.ts';
import { type BundleParts, type CompiledBundle, compileBundle } from '../../../services/bundles/compile.ts';
import { decideByBundle } from '../../../services/bundles/decide.ts';
import { type BundleFiles, readBundleDirectory } from '../../../services/bundles/files.ts';
import { parseBundle, partsOf } from '../../../services/bundles/parse.ts';
import { createProblems } from '../../../services/bundles/problems.ts';
import { readTests } from '../../../services/bundles/tests.ts';
import { CedarRefusal } from '../../../services/engine/cedar/answer.ts';
import { requestText } from '../../../services/engine/cedar/call-text.ts';
import { CedarTrap } from '../../../services/engine/cedar/instance.ts';
import { PdpError } from '../../../services/engine/error.ts';
import { Datetime } from '../../../services/engine/extension/datetime.ts';
import { writeValue } from '../../../services/engine/value/cedar-json.ts';
import { judgeAgain } from '../../../services/pdp/verify/judge.ts';
import type { VerificationCase } from '../../../services/pdp/verify/messages.ts';

const NOON = new Datetime(BigInt(Date.parse('2026-11-22T12:00:00Z')));
const { files } = await readBundleDirectory('policies/coding-agent');
const parts = partsOfFiles(files);
const cedar = await compileBundle(parts, 'cedar');
const cases = casesOf(await compileBundle(parts, 'compiled'), files);
const [some] = cases;
if (some === undefined) throw new Error('the bundle has no tests');

describe('judging a recorded decision again', () => {
  test('finds every test of a bundle judged as it was, from the text of its record', () => {
    expect(cases.length).toBeGreaterThan(50);
    for (const one of cases) expect(judgeAgain(cedar, one), one.input).toEqual({ kind: 'equal' });
  });

  test.each<[string, Partial<VerificationCase['served']>]>([
    ['the decision', { decision: some.served.decision === 'allow' ? 'deny' : 'allow' }],
    ['a policy that determined it', { determining: [...some.served.determining, 'another'] }],
    ['a policy that failed', { failing: ['another'] }],
  ])('tells where %s differs', (_what, served) => {
    expect(judgeAgain(cedar, { ...some, served: { ...some.served, ...served } })).toEqual({
      kind: 'different',
      served: expect.stringMatching(/^(allow|deny) by \[/),
      cedar: expect.stringMatching(/^(allow|deny) by \[/),
    });
  });

  test('takes it for a difference where Cedar refuses what was decided', () => {
    expect(judgeAgain(failingWith(new CedarRefusal(['no such action'])), some)).toMatchObject({
      kind: 'different',
      cedar: 'no verdict: refused',
    });
  });

  test('has learnt nothing where Cedar traps', () => {
    const trap = new CedarTrap('statefulIsAuthorized', new RangeError('stack'));

    expect(judgeAgain(failingWith(trap), some)).toEqual({
      kind: 'failed',
      problem: 'could not be evaluated: Cedar trapped in statefulIsAuthorized: stack',
    });
  });

  test('has learnt nothing where a limit stands in the way', () => {
    const limited = failingWith(undefined, new PdpError('too_large', 'over a limit'));

    expect(judgeAgain(limited, some)).toEqual({ kind: 'failed', problem: 'over a limit' });
  });

  test.each(['', '[]', '{"principal":1}', '{'])('has learnt nothing from the text %j', (input) => {
    expect(judgeAgain(cedar, { ...some, input })).toMatchObject({ kind: 'failed' });
  });
});

function partsOfFiles(bundle: BundleFiles): BundleParts {
  const read = partsOf(parseBundle(bundle, createCedar(), createProblems()), bundle);
  if (read === undefined) throw new Error('the bundle does not read');

  return read;
}

/** What the compiled evaluator says to each test that does not want its request refused. */
function casesOf(bundle: CompiledBundle, bundleFiles: BundleFiles): VerificationCase[] {
  return readTests(bundleFiles, createProblems()).flatMap(({ asked, facts: { now = NOON } }) => {
    try {
      const { informed, evaluation } = decideByBundle(bundle, asked, () => ({ now }));
      const { request, context, entities } = informed;
      const failing = evaluation.errors.map(({ policyId }) => policyId);

      return {
        digest: bundle.ref.digest,
        input: requestText({ ...request, context }, entities),
        facts: `{"now":${writeValue(now)}}`,
        served: { decision: evaluation.decision, determining: evaluation.determining, failing },
      };
    } catch (error) {
      if (error instanceof PdpError) return [];
      throw error;
    }
  });
}

function failingWith(
  cause: unknown,
  error = new PdpError('internal', 'could not be evaluated', { cause }),
): CompiledBundle {
  const evaluate = (): never => {
    throw error;
  };

  return { ...cedar, evaluator: { ...cedar.evaluator, evaluate } };
}
