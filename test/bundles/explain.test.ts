import { describe, expect, test } from 'vitest';
import { compileBundle } from '../../services/bundles/compile.ts';
import { type ExplainedDecision, explainDecision } from '../../services/bundles/explain.ts';
import { openBundle } from '../../services/bundles/open.ts';
import { PdpError } from '../../services/engine/error.ts';
import { parseDatetime } from '../../services/engine/extension/datetime.ts';
import { parseJson } from '../../services/engine/raw/json.ts';
import { valueText } from '../../services/engine/traced/cedar-text.ts';
import type { ExplainedExpression } from '../../services/engine/traced/explain.ts';
import { filesOf } from './files-of.ts';

const POLICIES = `@id("staff-view")
permit(principal in Group::"staff", action == Action::"view", resource);

@id("long") permit(principal, action == Action::"view", resource is Receipt)
unless { !(principal.level >= 2 && context.input.path like "x*" && context.input has path) };

@id("fails") permit(principal is User in Group::"staff", action, resource) when { principal.level + 9223372036854775807 > 0 };

@id("other") forbid(principal == User::"b", action in [Action::"edit", Action::"list"], resource == Receipt::"r2");
`;

async function explain(policyId?: string, level = 1, receipt = 'r1'): Promise<ExplainedDecision> {
  const { parts, places } = openBundle(filesOf({ 'receipts.cedar': POLICIES, 'tests/view.yaml': undefined }));
  if (parts === undefined) throw new Error('the bundle cannot be read');
  const now = parseDatetime('2026-11-22');

  return explainDecision(
    await compileBundle(parts),
    places,
    {
      principal: { type: 'User', id: 'a' },
      action: { type: 'Action', id: 'view' },
      resource: { type: 'Receipt', id: receipt },
      context: parseJson('{"input":{"path":"xyz"}}', 'context'),
      entities: parseJson(
        `[{"uid":{"type":"User","id":"a"},"attrs":{"level":${level}},"parents":[{"type":"Group","id":"staff"}]}]`,
        'entities',
      ),
    },
    () => (now === undefined ? {} : { now }),
    policyId,
  );
}

/** Each expression with what came of it, indented. */
function lines({ text, outcome, operands }: ExplainedExpression, indent = ''): string[] {
  const said = outcome?.kind === 'value' ? valueText(outcome.value) : (outcome?.message ?? 'not reached');

  return [`${indent}${text}: ${said}`, ...operands.flatMap((one) => lines(one, `${indent}  `))];
}

describe('an explained decision', () => {
  test('is the decision, with every policy whose scope matches and where it stands', async () => {
    const { decided, explanation } = await explain();

    expect(decided.verdict).toMatchObject({ decision: 'allow', reasonCode: 'permitted' });
    expect(
      explanation.policies.map(({ policy_id, line, outcome, determining }) => [
        policy_id,
        line,
        outcome,
        determining,
      ]),
    ).toEqual([
      ['staff-view', 1, 'matched', true],
      ['long', 4, 'not_matched', false],
      ['fails', 7, 'failed', false],
    ]);
    expect(explanation.excluded).toEqual({ total: 1, principal: 1, action: 1, resource: 1 });
  });

  test('has each expression with its value, and those that were not reached', async () => {
    const { explanation } = await explain('long');

    expect(explanation.policies[0]?.clauses.map(({ kind }) => kind)).toEqual(['unless']);
    expect(explanation.policies[0]?.clauses.flatMap(({ expression }) => lines(expression))).toEqual([
      '!(principal.level >= 2 && context.input.path like "x*" && context.input has path): true',
      '  principal.level >= 2 && context.input.path like "x*" && context.input has path: false',
      '    principal.level >= 2: false',
      '      principal.level: 1',
      '    context.input.path like "x*": not reached',
      '      context.input.path: not reached',
      '    context.input has path: not reached',
    ]);
  });

  test('says where an expression fails, and why', async () => {
    const { explanation } = await explain('fails');

    expect(explanation.policies[0]?.clauses.flatMap(({ expression }) => lines(expression))).toEqual([
      'principal.level + 9223372036854775807 > 0: integer overflow',
      '  principal.level + 9223372036854775807: integer overflow',
      '    principal.level: 1',
    ]);
  });

  test('says of a policy outside of the slice which parts of its scope exclude it', async () => {
    const { explanation } = await explain('other', 1, 'r2');

    expect(explanation.policies).toMatchObject([
      {
        policy_id: 'other',
        outcome: 'excluded',
        determining: false,
        clauses: [],
        scope: [
          { text: 'principal == User::"b"', matches: false, value: 'User::"a"', within: ['Group::"staff"'] },
          { text: 'action in [Action::"edit", Action::"list"]', matches: false, value: 'Action::"view"' },
          { text: 'resource == Receipt::"r2"', matches: true, value: 'Receipt::"r2"', within: [] },
        ],
      },
    ]);
    expect(explanation.excluded).toEqual({ total: 1, principal: 1, action: 1, resource: 0 });
  });

  test('is none of a request that the server would refuse', async () => {
    await expect(explain(undefined, 1, 'r9')).rejects.toThrow(PdpError);
  });
});
