import { expect, test } from 'vitest';
import { createCedar } from '../../services/bundles/cedar.ts';
import { readConditions } from '../../services/bundles/est.ts';
import type { Work } from '../../services/engine/policy.ts';

const cedar = createCedar();

test.each<[string, readonly Work[]]>([
  ['context.path like "*.env"', [{ attribute: 'path', weight: 7 }]],
  ['context.input.path like "a*b*c"', [{ attribute: 'path', weight: 7 }]],
  ['context.path like "a" && resource.path like "b"', [{ attribute: 'path', weight: 6 }]],
  ['principal.getTag("team") like "x"', [{ attribute: 'team', weight: 3 }]],
  ['principal.getTag(context.name) like "x"', [{ attribute: undefined, weight: 3 }]],
  ['{ a: context.path }.a like "x"', [{ attribute: undefined, weight: 3 }]],
  ['(if context.b then context.path else context.name) like "x"', [{ attribute: undefined, weight: 3 }]],
  ['context.a == context.b', [{ attribute: 'b', weight: 4 }]],
  ['context.a.containsAll(context.b)', [{ attribute: 'b', weight: 4 }]],
  ['principal in context.groups', [{ attribute: 'groups', weight: 4 }]],
  ['context == { a: 1 }', [{ attribute: undefined, weight: 4 }]],
  ['[context.a].contains(context)', [{ attribute: undefined, weight: 4 }]],
])('finds what grows with the data in %s', (condition, work) => {
  expect(workOf(condition)).toEqual(work);
});

test.each([
  'context.n < 7',
  'context.path == "main"',
  '"main" != context.path',
  'principal == resource.owner',
  'principal in Group::"g"',
  'context.labels.contains("secret")',
  'context.at.offset(duration("1h")) > context.now',
  'principal.hasTag("team") && context has path',
])('finds nothing that grows in %s', (condition) => {
  expect(workOf(condition)).toEqual([]);
});

function workOf(condition: string): readonly Work[] {
  const reply = cedar.ask('policyToJson', `permit(principal, action, resource) when { ${condition} };`);
  if (reply.type !== 'success') throw new Error(`${condition}: ${JSON.stringify(reply)}`);

  return readConditions(reply.answer['json'] as Parameters<typeof readConditions>[0]).work;
}
