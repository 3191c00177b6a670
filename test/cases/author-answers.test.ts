import { beforeAll, expect, test } from 'vitest';
import { answerBeside } from '../../services/bundles/answer.ts';
import type { CompiledBundle } from '../../services/bundles/compile.ts';
import { decideByBundle } from '../../services/bundles/decide.ts';
import { readBundleDirectory } from '../../services/bundles/files.ts';
import { limitsFact, limitsOf } from '../../services/bundles/limits/use.ts';
import { parseJson } from '../../services/engine/raw/json.ts';
import { uidKey } from '../../services/engine/value/value.ts';
import { compiled } from '../pdp/limits/support.ts';
import { type Question, uidOf } from '../support/question.ts';
import { type GoldenCase, readCases, type WantedDecision } from './support/read-cases.ts';

/** Cases that ask for no more than an author can put to a bundle: no approval that somebody holds, and no key. */
const cases = ['approvals', 'payments']
  .flatMap((name) => readCases(import.meta.dirname, `${name}.yaml`))
  .filter((one): one is GoldenCase & { readonly want: WantedDecision } => 'decision' in one.want)
  .filter(({ approval, question: { members = {} } }) =>
    [approval, members['approval_id'], members['idempotency_key']].every((state) => state === undefined),
  );
const bundles = new Map<string, CompiledBundle>();

beforeAll(async () => {
  for (const name of new Set(cases.map(({ bundle }) => bundle))) {
    const { files } = await readBundleDirectory(`test/cases/bundles/${name}`);
    bundles.set(name, await compiled(files));
  }
});

test('there are cases of what people and limits decide', () => {
  const codes = cases.map(({ want }) => want.reason_code);

  expect(codes).toEqual(
    expect.arrayContaining(['approval_required', 'limit_exceeded', 'forbidden', 'permitted']),
  );
});

test.each(cases)('an author is told what a server answers: $file: $description', (one) => {
  const { decision, reason_code, determining } = one.want;
  const { verdict, evaluation } = answerTo(one);

  expect({
    decision: verdict.decision,
    reason_code: verdict.reasonCode,
    determining: evaluation.determining,
  }).toEqual({ decision, reason_code, determining });
});

function answerTo({ bundle: name, question }: GoldenCase) {
  const bundle = bundles.get(name);
  if (bundle === undefined) throw new Error(`no bundle ${name}`);
  const asked = askedOf(question);
  const rules = limitsOf(bundle, uidKey(asked.action.type, asked.action.id));
  const use = new Map(rules.map((rule) => [rule.name, 0n]));
  const decided = decideByBundle(bundle, asked, () => limitsFact(rules, use));

  return answerBeside(bundle, decided, { use, now: Date.now() });
}

function askedOf({ principal, action, resource, context = '{}', entities = '[]' }: Question) {
  return {
    principal: uidOf(principal),
    action: uidOf(action),
    resource: uidOf(resource),
    context: parseJson(context, 'context'),
    entities: parseJson(entities, 'entities'),
  };
}
