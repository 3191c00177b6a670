import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkBundle } from '../../services/bundles/check.ts';
import { LINTS, type LintName } from '../../services/bundles/lint/names.ts';
import type { Problem } from '../../services/bundles/problem.ts';
import { type LintBundle, lintFiles } from './lint-files.ts';

/** The warnings of lints, as `lint subject at line`. */
async function lintsOf(bundle: LintBundle): Promise<string[]> {
  const report = await checkBundle(lintFiles(bundle));
  expect(report.problems.filter(({ severity }) => severity === 'error')).toEqual([]);

  return report.problems.flatMap(({ lint, policy_id: id, file, start }) =>
    lint === undefined ? [] : [`${lint} ${id ?? ''} ${file}:${start?.line}:${start?.column}`],
  );
}

const ANY = 'principal, action, resource';
const READ = 'principal is Agent in Role::"reader", action == Action::"read", resource';

/** What the smallest policies are warned of, and what almost the same ones are not. */
const TABLE: readonly [what: string, policies: string, lints: readonly string[]][] = [
  ['a permit of everything', `@id("p") permit (${ANY});`, ['unanchored-policy p', 'unconditional-permit p']],
  [
    'a permit of everything, with a condition that is always true',
    `@id("p") permit (${ANY}) when { 1 < 2 && !false } unless { "a" == "b" };`,
    ['unanchored-policy p', 'unconditional-permit p'],
  ],
  [
    'a permit that a condition narrows',
    `@id("p") permit (${ANY}) when { principal.level > 1 };`,
    ['unanchored-policy p'],
  ],
  [
    'a permit for anybody on anything',
    '@id("p") permit (principal, action == Action::"read", resource);',
    ['broad-permit p'],
  ],
  [
    'a permit whose condition looks at the context alone',
    '@id("p") permit (principal, action == Action::"read", resource) when { context.n == 1 };',
    ['broad-permit p'],
  ],
  ['a permit for a role', `@id("p") permit (${READ});`, []],
  ['a permit for a type', '@id("p") permit (principal is Agent, action == Action::"read", resource);', []],
  [
    'a sum of what anybody sends',
    `@id("f") forbid (${READ}) when { context.n + 1 > 5 };`,
    ['forbid-can-error f'],
  ],
  ['a sum in a permit, which fails closed', `@id("p") permit (${READ}) when { context.n + 1 > 5 };`, []],
  ['a sum of constants', `@id("f") forbid (${READ}) when { context.n > 1 + 2 * 3 };`, []],
  ['a sum behind its bound', `@id("f") forbid (${READ}) when { context.n < 100 && context.n + 1 > 5 };`, []],
  [
    'a sum behind the wrong bound',
    `@id("f") forbid (${READ}) when { context.n > 100 && context.n + 1 > 500 };`,
    ['forbid-can-error f'],
  ],
  [
    'a sum beside its bound',
    `@id("f") forbid (${READ}) when { context.n < 100 || context.n + 1 > 5 };`,
    ['forbid-can-error f'],
  ],
  [
    'a sum behind what is not its bound',
    `@id("f") forbid (${READ}) when { !(context.n >= 100) && context.n + 1 > 5 };`,
    [],
  ],
  [
    'a sum in the branch of its bound',
    `@id("f") forbid (${READ}) when { if context.n > 9 then false else context.n + 1 > 5 };`,
    [],
  ],
  [
    'a sum in the clause after its bound',
    `@id("f") forbid (${READ}) unless { context.n > 9 } when { context.n * 2 < 8 };`,
    ['forbid-can-error f'],
  ],
  [
    'a product within two bounds',
    `@id("f") forbid (${READ}) unless { context.n > 9 || context.n < -9 } when { context.n * context.n < 8 };`,
    [],
  ],
  ['a difference', `@id("f") forbid (${READ}) when { 0 - context.n > 5 };`, ['forbid-can-error f']],
  ['a negation', `@id("f") forbid (${READ}) when { -context.n > 5 };`, ['forbid-can-error f']],
  [
    'a time offset by what a caller sends',
    `@id("f") forbid (${READ}) when { context.pdp.now.offset(context.wait) > context.at };`,
    ['forbid-can-error f'],
  ],
  [
    'a time offset by a constant',
    `@id("f") forbid (${READ}) when { context.pdp.now.offset(duration("1h")) > context.at };`,
    [],
  ],
  [
    'the time since what a caller sends',
    `@id("f") forbid (${READ}) when { context.pdp.now.durationSince(context.at) > duration("1h") };`,
    ['forbid-can-error f'],
  ],
  [
    'the day of what a caller sends',
    `@id("f") forbid (${READ}) when { context.at.toDate() > datetime("2026-01-01") };`,
    ['forbid-can-error f'],
  ],
  [
    'the day and time of the server',
    `@id("f") forbid (${READ}) when { context.pdp.now.toDate() > datetime("2026-01-01") && context.at.toTime() > duration("9h") };`,
    [],
  ],
  [
    'an attribute of the principal and the resource',
    `@id("f") forbid (${READ}) when { principal.level == 1 && resource.size == 2 };`,
    [],
  ],
  [
    'an attribute of an entity that a caller names',
    `@id("f") forbid (${READ}) when { context.friend.level == 1 };`,
    ['forbid-can-error f'],
  ],
  [
    'the same behind has',
    `@id("f") forbid (${READ}) when { context.friend has level && context.friend.level == 1 };`,
    [],
  ],
  [
    'an attribute of an entity that the request brings',
    `@id("f") forbid (${READ}) when { resource.owner.level == 1 };`,
    ['forbid-can-error f'],
  ],
  [
    'an attribute of an entity that entities.json names and has',
    `@id("f") forbid (${READ}) when { principal.boss.level == 1 };`,
    [],
  ],
  [
    'an attribute of a literal that is there',
    `@id("f") forbid (${READ}) when { Agent::"ann".level == 1 };`,
    [],
  ],
  [
    'an attribute of a literal that is missing',
    `@id("f") forbid (${READ}) when { Agent::"zoe".level == 1 };`,
    ['forbid-can-error f'],
  ],
  [
    'an agent that is not there',
    '@id("p") permit (principal == Agent::"zoe", action, resource);',
    ['never-matches p'],
  ],
  [
    'a role that nobody has',
    '@id("p") permit (principal in Role::"raeder", action, resource);',
    ['never-matches p'],
  ],
  ['a document of the request', '@id("p") permit (principal, action, resource == Doc::"any");', []],
  ['a condition of constants', `@id("p") permit (${READ}) when { 1 > 2 };`, ['never-matches p']],
  [
    'a comparison beyond 64 bits',
    `@id("p") permit (${READ}) when { context.n > 9223372036854775807 };`,
    ['never-matches p'],
  ],
  [
    'a permit in a wider one',
    `@id("wide") permit (principal is Agent, action, resource is Doc);\n@id("p") permit (${READ}) when { context.n == 1 };`,
    ['unanchored-policy wide', 'shadowed p'],
  ],
  [
    'a permit in an equal one',
    `@id("a") permit (${READ}) when { context.n == 1 };\n@id("b") permit (${READ}) when { context.n == 1 };`,
    ['shadowed b'],
  ],
  [
    'a permit beside one with another condition',
    `@id("a") permit (${READ}) when { context.n == 1 };\n@id("b") permit (${READ}) when { context.n == 2 };`,
    [],
  ],
  [
    'a permit of one role in that of a role above it',
    '@id("a") permit (principal in Role::"lead", action, resource);\n@id("b") permit (principal in Role::"reader", action, resource);',
    ['shadowed a'],
  ],
  [
    'a permit that a forbid takes back',
    `@id("f") forbid (principal, action == Action::"read", resource);\n@id("p") permit (${READ});`,
    ['shadowed p'],
  ],
  [
    'a permit that a forbid takes back at times',
    `@id("f") forbid (${READ}) when { context.n == 1 };\n@id("p") permit (${READ});`,
    [],
  ],
  [
    'a forbid in a permit',
    `@id("p") permit (${READ});\n@id("f") forbid (principal == Agent::"ann", action == Action::"read", resource) when { context.n == 1 };`,
    [],
  ],
  ['a slip of the pen', `@id("p") @reasn("x") permit (${READ});`, ['unknown-annotation p']],
  ['notes', `@id("p") @reason("x") @doc("y") @owner("z") @x_team("q") permit (${READ});`, []],
];

describe('lints of policies', () => {
  test.each(TABLE)('%s', async (_what, policies, lints) => {
    const found = await lintsOf({ policies });

    expect(found.map((line) => line.split(' ').slice(0, 2).join(' ')).sort()).toEqual(lints.toSorted());
  });

  test('say where, what to do, and are no errors', async () => {
    const { problems, ok } = await checkBundle(
      lintFiles({ policies: `// A comment.\n@id("p")\n  @reasn("x")\npermit (${READ});` }),
    );

    expect(ok).toBe(true);
    expect(problems).toMatchObject([
      {
        severity: 'warning',
        code: 'lint',
        lint: 'unknown-annotation',
        policy_id: 'p',
        file: 'policies.cedar',
        start: { line: 3, column: 3 },
        help: 'did you mean @reason?',
      },
    ] satisfies Partial<Problem>[]);
  });

  test('are about links too, at their place', async () => {
    const policies = '@id("t") permit (principal in ?principal, action == Action::"read", resource);';
    const link = (id: string, role: string): string =>
      `{"template_id": "t", "id": "${id}", "values": {"?principal": {"type": "Role", "id": "${role}"}}}`;
    const links = `[\n${link('good', 'reader')},\n${link('bad', 'raeder')}\n]`;

    expect(await lintsOf({ policies, links })).toEqual(['never-matches bad links.json:3:28']);
  });
});

describe('lints of the schema', () => {
  const policies = `@id("p") permit (${READ});`;

  test('find actions that no policy is about, and groups that none names', async () => {
    const schema =
      'action copy, "print" in [output] appliesTo { principal: Agent, resource: Doc };\naction output;';

    expect(await lintsOf({ policies, schema })).toEqual([
      'unused-action  schema.cedarschema:13:8',
      'unused-action  schema.cedarschema:13:14',
      'unused-action  schema.cedarschema:14:8',
    ]);
  });

  test('find types that nothing leads to, in namespaces too', async () => {
    const schema = 'entity Lone { friend?: Pal };\nentity Pal;\nnamespace Corp {\n  entity Car;\n}';

    expect(await lintsOf({ policies, schema })).toEqual([
      'unused-entity-type  schema.cedarschema:13:8',
      'unused-entity-type  schema.cedarschema:14:8',
      'unused-entity-type  schema.cedarschema:16:10',
    ]);
  });
});

describe('what the manifest allows', () => {
  test('is not told, and an allowance that nothing needs is', async () => {
    const manifest = `allow_findings:
  - { finding: broad-permit, policy: p }
  - { finding: shadowed, policy: p }
  - { finding: unused-action, action: 'Action::"copy"' }
  - { finding: unused-entity-type, entity_type: Lone }
`;
    const { problems } = await checkBundle(
      lintFiles({
        policies: '@id("p") permit (principal, action == Action::"read", resource);',
        schema: 'entity Lone;\naction copy appliesTo { principal: Agent, resource: Doc };',
        manifest,
      }),
    );

    expect(problems.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'unused_allowance: nothing needs this: p has no finding shadowed',
    ]);
  });

  test('is refused where it fits no lint', async () => {
    const { problems } = await checkBundle(
      lintFiles({ policies: '', manifest: 'allow_findings: [{ finding: unused-action, policy: p }]\n' }),
    );

    expect(problems.map(({ code }) => code)).toContain('manifest_invalid');
  });
});

test('lints are silent about a bundle that is not valid', async () => {
  const { problems } = await checkBundle(
    lintFiles({ policies: `@id("p") permit (${ANY}); @id("q") permit (${ANY}) when { principal.nope };` }),
  );

  expect(problems.map(({ code }) => code)).toEqual(['policy_invalid']);
});

test.each(LINTS)('docs/lints.md has a section on %s', (lint: LintName) => {
  expect(readFileSync('docs/lints.md', 'utf8')).toMatch(new RegExp(`^## ${lint}$`, 'm'));
});
