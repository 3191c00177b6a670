import { expect, test } from 'vitest';
import { CedarText, createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import { clausesOf, conditionOf, type Est } from '../../../services/engine/compiled/shape.ts';
import { branchesOf } from '../../../services/engine/traced/branches.ts';
import { expressionText } from '../../../services/engine/traced/expression-text.ts';

const cedar = createCedarInstance();

test.each([
  ['no clause', '', []],
  ['a clause alone', 'when { context.a == 1 }', ['when context.a == 1: true, false']],
  [
    'a chain and one inside of it',
    'unless { context.a && (context.b || !context.c) && context.d }',
    [
      'unless context.a && (context.b || !context.c) && context.d: true, false',
      'operand context.a: true, false',
      'operand context.b || !context.c: true, false',
      'operand context.b: true, false',
      'operand !context.c: true, false',
      'operand context.d: true, false',
    ],
  ],
  [
    'an if that is a condition',
    'when { if context.a then context.b else !(context.c && true) }',
    [
      'when if context.a then context.b else !(context.c && true): true, false',
      'if context.a: true, false',
      'then context.b: true, false',
      'else !(context.c && true): true, false',
      'operand context.c: true, false',
      'operand true: true',
    ],
  ],
  [
    'an if that gives another value, within an operand',
    'when { [context.x].contains(if context.a || false then 1 else 2) }',
    [
      'when [context.x].contains(if context.a || false then 1 else 2): true, false',
      'if context.a || false: true, false',
      'operand context.a: true, false',
      'operand false: false',
      'then 1: reached',
      'else 2: reached',
    ],
  ],
])('the branches of %s', (_what, clauses, expected) => {
  const answer = cedar.call(
    'policyToJson',
    new CedarText(JSON.stringify(`permit(principal, action, resource) ${clauses};`)),
  ) as { readonly json: Est };
  const { shape, literals } = conditionOf(answer.json);
  const branches = branchesOf(clausesOf(shape));

  expect(
    branches.map(({ part, node, goals }) => `${part} ${expressionText(node, literals)}: ${goals.join(', ')}`),
  ).toEqual(expected);
});
