import { describe, expect, test } from 'vitest';
import { entities } from '../bundle-changes.ts';
import { check, expectRefused, type Refusal } from '../check-bundle.ts';
import { looksFor, running, TAKES } from './run-bundle.ts';

const takes = (path: string, action = 'open') => running(`takes: { 'Action::"${action}"': [${path}] }`);
const lattice = (text: string) => running(`lattice: ${text}, ${TAKES}`);

test.each([
  ['labels and what takes them', running()],
  ['no labels at all', running(undefined)],
  ['a lattice of its own', lattice('{ secret: [low], low: [] }')],
  [
    'a label that a policy computes',
    running(TAKES, looksFor('context.pdp.run.labels.contains(if principal.level > 1 then "x" else "y")')),
  ],
  [
    'labels that policies look for',
    running(TAKES, looksFor('context.pdp.run.labels.containsAny(["pii", "secret"])')),
  ],
])('check accepts %s', async (_what, changes) => {
  const { problems } = await check(changes);

  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
});

describe('check refuses', () => {
  test.each<Refusal>([
    ['an unknown action', takes('resource.labels', 'opne'), 'label_invalid', /no action of the schema/],
    ['a group of actions', takes('resource.labels', 'files'), 'label_invalid', /is a group/],
    ['a path that is none', takes('labels'), 'manifest_invalid', /a path to labels/],
    ['no path', takes(''), 'manifest_invalid', /takes/],
    ['an attribute that there is not', takes('resource.lables'), 'label_invalid', /not in the schema/],
    [
      'an attribute of only another type',
      takes('principal.labels'),
      'label_invalid',
      /of User.*not in the schema/,
    ],
    ['an attribute that may be absent', takes('resource.maybe'), 'label_invalid', /would leave no label/],
    ['an attribute that is no label', takes('resource.meta.of'), 'label_invalid', /String or a Set<String>/],
    [
      'a member of the context that there is not',
      takes('context.input.lable'),
      'label_invalid',
      /not in the schema/,
    ],
    ['what the server asserts', takes('context.pdp.run.labels', 'post'), 'label_invalid', /server asserts/],
    ['a label that is no name', lattice('{ Secret: [] }'), 'manifest_invalid', /must be a label/],
    [
      'a label above an unknown one',
      lattice('{ secret: [low] }'),
      'label_invalid',
      /above low, which is no label/,
    ],
    [
      'labels above each other in a circle',
      lattice('{ secret: [a], a: [b], b: [a] }'),
      'label_invalid',
      /above itself/,
    ],
    [
      'more labels than may be',
      lattice(`{ ${Array.from({ length: 65 }, (_, at) => `l${at}: []`).join()} }`),
      'label_invalid',
      /bundle_labels/,
    ],
    [
      'a policy that looks for another label',
      running(TAKES, looksFor('context.pdp.run.labels.contains("secert")')),
      'label_invalid',
      /"secert", which is not in the lattice/,
    ],
    [
      'one in a set that a policy looks for',
      running(TAKES, looksFor('true && context.pdp.run.labels.containsAll(["secret", "Pii"])')),
      'label_invalid',
      /"Pii"/,
    ],
    [
      'the count of an action that there is not',
      running(TAKES, '', ', opne?: { count: Long, last: datetime }'),
      'fact_invalid',
      /no action has that id/,
    ],
  ])('%s', expectRefused);

  test('the count of an action whose id two namespaces have', async () => {
    const changes = running(TAKES, '', ', ping?: { count: Long, last: datetime }');
    const namespace = (name: string) =>
      `namespace ${name} { entity E; action ping appliesTo { principal: E, resource: E }; }\n`;
    const schema = `${changes?.['schema.cedarschema']}${namespace('A')}${namespace('B')}`;

    await expectRefused(
      '',
      { ...changes, 'schema.cedarschema': schema },
      'fact_invalid',
      /several actions have that id/,
    );
  });
});

test('a test of a bundle is told of a label that no run could take', async () => {
  const asks = (label: string, want: string) => `- description: opens
  request: { principal: 'User::"a"', action: 'Action::"open"', resource: 'File::"f"', context: { input: { label: ${label} } } }
  entities: [{ uid: { type: User, id: a }, attrs: { level: 1 }, parents: [] }]
  want: { ${want}, determining: [opens] }
`;
  const file = { uid: { type: 'File', id: 'f' }, attrs: { labels: [], meta: { of: [] } }, parents: [] };
  const own = running();
  const { problems } = await check({
    ...own,
    ...entities(JSON.stringify(file)),
    'tests/open.yaml':
      asks('secret', 'decision: allow, reason_code: permitted') +
      asks('Secret', 'decision: deny, reason_code: not_permitted'),
  });

  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
});
