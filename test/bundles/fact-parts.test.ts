import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FACT_SHAPES } from '../../services/engine/facts/shape.ts';
import { schema } from './bundle-changes.ts';
import { check } from './check-bundle.ts';
import { limited, SENT } from './limits/limited-bundle.ts';

const FOLDER = new URL('../../schemas/cedar/', import.meta.url);
const text = (name: string): string => readFileSync(new URL(`${name}.cedarschema`, FOLDER), 'utf8');
const action = (pdp: string): string =>
  `action read, "run tests" appliesTo { principal: User, resource: Receipt };
   action asked appliesTo { principal: User, resource: Receipt, context: { pdp: ${pdp} } };`;

test('every fact has a part of a schema for bundles to copy, with a version', () => {
  const names = readdirSync(FOLDER).map((file) => file.replace('.cedarschema', ''));

  expect(names.sort()).toEqual(Object.keys(FACT_SHAPES).sort());
  for (const name of names) expect(text(name)).toContain(`Palisade fact \`${name}\`, version 1`);
});

test('check accepts the part for now where an action declares it', async () => {
  expect((await check(schema(`${text('now')}${action('Now')}`))).ok).toBe(true);
});

test.each([
  ['run', '{ run: Run }'],
  ['run', '{ run: { steps: Long, actions: { read?: RunAction, "run tests"?: RunAction } } }'],
  ['approval', '{ approval?: Approval }'],
  ['breakGlass', '{ breakGlass?: BreakGlass, now: datetime }'],
])('check accepts the part for %s as %s', async (name, pdp) => {
  expect((await check(schema(`${text(name)}${action(pdp)}`))).ok).toBe(true);
});

test.each([
  ['{ approval: Approval }', 'as required: write "approval?"'],
  ['{ breakGlass: BreakGlass }', 'as required: write "breakGlass?"'],
  ['{ run?: Run }', 'as optional: the server always asserts it'],
  ['{ run: {} }', 'another type'],
  ['{ run: { labels?: Set<String> } }', 'another type'],
  ['{ run: { labels: Set<Long> } }', 'another type'],
  ['{ run: { labels: String } }', 'another type'],
  ['{ run: { actions: { read: RunAction } } }', 'another type'],
  ['{ run: { steps: Long, owner: String } }', 'another type'],
  ['{ approval?: { by: Set<String>, at: datetime } }', 'another type'],
  ['{ approvals?: Approval }', 'is no fact'],
])('check refuses a declaration that the server would not keep: %s', async (pdp, problem) => {
  const parts = ['run', 'approval', 'breakGlass'].map(text).join('\n');
  const { ok, problems } = await check(schema(`${parts}${action(pdp)}`));

  expect(ok).toBe(false);
  expect(problems).toContainEqual(
    expect.objectContaining({ code: 'fact_invalid', message: expect.stringContaining(problem) }),
  );
});

test('check accepts the part for limits where an action declares a limit that counts it', async () => {
  const own = limited(
    SENT.replace('sent', 'asked')
      .replace(/"send"/, '"asked"')
      .replace(', resource.owner', '')
      .replace(', cost: input.amount', ''),
  );
  const part = `${text('limits')}${action('{ limits: { asked: LimitState } }')}`;

  expect(
    (await check({ 'bundle.yaml': own?.['bundle.yaml'], ...schema(part) })).problems.filter(
      ({ severity }) => severity === 'error',
    ),
  ).toEqual([]);
});

describe('a test of a bundle', () => {
  const parts = ['run', 'approval', 'breakGlass'].map(text).join('\n');
  const declared = action(
    '{ approval?: Approval, breakGlass?: BreakGlass, run: { labels: Set<String>, steps: Long, actions: { read?: RunAction } } }',
  );
  const policies = `@id("asked") permit(principal, action == Action::"asked", resource)
    when { context.pdp.run.steps < 3 && !(context.pdp.run.actions has read && context.pdp.run.actions.read.count > 1) };
    @id("tainted") forbid(principal, action == Action::"asked", resource)
    when { context.pdp.run.labels.contains("secret") }
    unless { context.pdp has approval && context.pdp.approval.by.contains("fay") }
    unless { context.pdp has breakGlass && context.pdp.breakGlass.ticket == "INC-1" };`;
  const told = (facts: string, want: string): string => `- description: asks
  request: { principal: 'User::"a"', action: 'Action::"asked"', resource: 'Receipt::"r1"', context: {} }
  entities: [{ uid: { type: User, id: a }, attrs: { level: 1 }, parents: [] }]
  facts: ${facts}
  want: { decision: ${want} }
`;
  const checked = (tests: string) =>
    check({ ...schema(`${parts}${declared}`), 'asked.cedar': policies, 'tests/asked.yaml': tests });

  test.each([
    ['{}', 'allow, reason_code: permitted'],
    [
      '{ run: { labels: [public], steps: 2, actions: { read: { count: 1, last: "2026-11-22T10:00:00Z" } } } }',
      'allow, reason_code: permitted',
    ],
    ['{ run: { steps: 3 } }', 'deny, reason_code: not_permitted'],
    [
      '{ run: { actions: { read: { count: 2, last: "2026-11-22T10:00:00Z" } } } }',
      'deny, reason_code: not_permitted',
    ],
    ['{ run: { labels: [secret] } }', 'deny, reason_code: forbidden'],
    [
      '{ run: { labels: [secret] }, approval: { by: [ann], at: "2026-11-22T10:00:00Z", count: 1 } }',
      'deny, reason_code: forbidden',
    ],
    [
      '{ run: { labels: [secret] }, approval: { by: [ann, fay], at: "2026-11-22T10:00:00Z", count: 2 } }',
      'allow, reason_code: permitted',
    ],
    [
      '{ run: { labels: [secret] }, breakGlass: { by: [ann], ticket: INC-1, until: "2026-11-22T10:00:00Z" } }',
      'allow, reason_code: permitted',
    ],
  ])('tells %s, and it is: %s', async (facts, want) => {
    const { problems } = await checked(told(facts, want));

    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  test.each([
    ['{ run: { labels: secret } }', 'facts.run.labels'],
    ['{ run: { colour: red } }', 'facts.run.colour'],
    ['{ run: [] }', 'facts.run'],
    ['{ run: { steps: 9223372036854775808 } }', 'facts.run.steps'],
    ['{ approval: { by: [ann] } }', 'facts.approval.at'],
    ['{ approvals: {} }', 'facts'],
  ])('that tells %s is refused at its place', async (facts, place) => {
    const { ok, problems } = await checked(told(facts, 'allow, reason_code: permitted'));

    expect(ok).toBe(false);
    expect(problems).toContainEqual(
      expect.objectContaining({ code: 'test_invalid', message: expect.stringContaining(place) }),
    );
  });
});
