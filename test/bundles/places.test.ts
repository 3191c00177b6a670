import { expect, test } from 'vitest';
import { createLocator } from '../../services/bundles/places.ts';

const POLICY = `@id("a")
@reason("not context.path == \\"x\\"")
permit (principal, action, resource)
when {
  // context.path == "x"
  context.path
    ==
    "x" &&
  context . list.contains( 1 ) &&
  context.twice && context.twice &&
  context.path like "*\\u{61}"
};`;
const { lineOf } = createLocator(POLICY);

test.each([
  ['across lines and space', 'context.path == "x"', 5],
  ['whatever space is in it', 'context.list.contains(1)', 8],
  ['not at all where it stands twice', 'context.twice', 0],
  ['not at all where its author spelled it in another way', 'context.path like "*a"', 0],
  ['not at all where it is not there', 'context.absent', 0],
  ['not at all where it is nothing', '', 0],
])('an expression is found by its tokens: %s', (_what, expression, line) => {
  expect(lineOf(expression)).toBe(line);
});
