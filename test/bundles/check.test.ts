import { describe, expect, test } from 'vitest';
import { type CheckReport, checkBundle } from '../../services/bundles/check.ts';
import type { Problem, ProblemCode } from '../../services/bundles/problem.ts';
import { LIMITS } from '../../services/engine/limits.ts';
import { filesOf, validFile } from './files-of.ts';

type Changes = Parameters<typeof filesOf>[0];

const PERMIT = 'permit(principal, action, resource)';

function check(changes: Changes = {}): Promise<CheckReport> {
  return checkBundle(filesOf(changes));
}

function policy(text: string): Changes {
  return { 'extra.cedar': text };
}

function when(condition: string): Changes {
  return policy(`@id("extra")\n${PERMIT} when { ${condition} };`);
}

function manifest(change: (text: string) => string): Changes {
  return { 'bundle.yaml': change(validFile('bundle.yaml')) };
}

function schema(declarations: string): Changes {
  return { 'schema.cedarschema': `${validFile('schema.cedarschema')}${declarations}` };
}

function entities(...texts: readonly string[]): Changes {
  const own = validFile('entities.json').trim().slice(0, -1);

  return { 'entities.json': `${own}, ${texts.join(',\n')}]` };
}

function receipt(id: string, rest = '"attrs": {"public": true}, "parents": []'): string {
  return `{"uid": {"type": "Receipt", "id": "${id}"}, ${rest}}`;
}

const TEMPLATE =
  '@id("t")\npermit(principal == ?principal, action == Action::"view", resource in ?resource);\n';
const LINK = {
  template_id: 't',
  id: 'l',
  values: { '?principal': { type: 'User', id: 'a' }, '?resource': { type: 'Receipt', id: 'r1' } },
};

function links(...items: readonly unknown[]): Changes {
  return { 'template.cedar': TEMPLATE, 'links.json': JSON.stringify(items) };
}

function yamlTest(change: (text: string) => string): Changes {
  return { 'tests/view.yaml': change(validFile('tests/view.yaml')) };
}

const CEDAR_TEST = {
  name: 'staff',
  request: {
    principal: 'User::"a"',
    action: 'Action::"view"',
    resource: 'Receipt::"r1"',
    context: { input: { path: 'x' }, pdp: { now: { __extn: { fn: 'datetime', arg: '2026-11-22' } } } },
  },
  entities: [
    { uid: { type: 'User', id: 'a' }, attrs: { level: 1 }, parents: [{ type: 'Group', id: 'staff' }] },
  ],
  decision: 'allow',
  reason: ['staff-view'],
  num_errors: 0,
};

function cedarTest(change: object): Changes {
  return { 'tests/run.json': JSON.stringify([{ ...CEDAR_TEST, ...change }]) };
}

function chain(operator: string, operands: number, operand: string): string {
  return Array(operands).fill(operand).join(` ${operator} `);
}

/** Doubling types: each line is small, and what they expand to is not. */
function typeBomb(levels: number, name = (level: number) => `T${level}`): string {
  const lines = Array.from(
    { length: levels },
    (_, at) => `type ${name(at + 1)} = { a: ${name(at)}, b: ${name(at)} };`,
  );

  return `type ${name(0)} = { a: Long };\n${lines.join('\n')}\nentity Bomb { x: ${name(levels)} };`;
}

describe('check refuses', () => {
  const cases: readonly (readonly [what: string, changes: Changes, code: ProblemCode, message: RegExp])[] = [
    ['no manifest', { 'bundle.yaml': undefined }, 'file_missing', /bundle\.yaml/],
    ['no schema', { 'schema.cedarschema': undefined }, 'file_missing', /schema\.cedarschema/],
    ['a file that does not belong', { 'run.sh': 'x' }, 'file_refused', /does not belong/],
    ['a policy that is not UTF-8', { 'extra.cedar': Uint8Array.of(0xff) }, 'not_utf8', /UTF-8/],
    ['a policy with a byte order mark', policy(`\u{feff}@id("a") ${PERMIT};`), 'not_utf8', /byte order mark/],
    ['a schema that is not UTF-8', { 'schema.cedarschema': Uint8Array.of(0xff) }, 'not_utf8', /UTF-8/],

    ['an anchor', manifest((text) => `${text}limits: &a []\n`), 'yaml_syntax', /anchors/],
    ['an alias', manifest((text) => `${text}limits: *a\n`), 'yaml_syntax', /aliases/],
    ['a tag', manifest((text) => `${text}limits: !!seq []\n`), 'yaml_syntax', /tags/],
    ['a directive', manifest((text) => `%YAML 1.1\n---\n${text}`), 'yaml_syntax', /directives/],
    ['a second document', manifest((text) => `${text}---\na: 1\n`), 'yaml_syntax', /second document/],
    ['a repeated key', manifest((text) => `${text}name: other\n`), 'yaml_syntax', /twice/],
    [
      'a merge key',
      manifest((text) => `${text}<<: { limits: [] }\n`),
      'manifest_invalid',
      /unknown key "<<"/,
    ],
    [
      'deep YAML',
      manifest((text) => `${text}limits: ${'['.repeat(40)}${']'.repeat(40)}\n`),
      'yaml_syntax',
      /nested/,
    ],
    [
      'a manifest over its size',
      manifest((text) => `${text}#${' '.repeat(LIMITS.manifest_bytes)}`),
      'file_too_large',
      /larger/,
    ],
    ['an unknown key', manifest((text) => `${text}owner: me\n`), 'manifest_invalid', /unknown key "owner"/],
    [
      'an unknown format',
      manifest((text) => text.replace('format_version: 1', 'format_version: 2')),
      'manifest_invalid',
      /format_version/,
    ],
    [
      'a bad name',
      manifest((text) => text.replace('name: receipts', 'name: Receipts')),
      'manifest_invalid',
      /^name/,
    ],
    [
      'a version that is none',
      manifest((text) => text.replace('1.0.0', 'v1.0.0')),
      'manifest_invalid',
      /semantic version/,
    ],
    ['no owner', manifest((text) => text.replace('[finance]', '[]')), 'manifest_invalid', /owners/],
    [
      'declared limits',
      manifest((text) => `${text}limits: [{ max: 3 }]\n`),
      'manifest_invalid',
      /limits must be empty/,
    ],
    [
      'a path that is none',
      manifest((text) => `${text}record: { allow: [input..path] }\n`),
      'manifest_invalid',
      /path into the context/,
    ],
    [
      'the source store',
      manifest((text) => text.replace('User: request', 'User: store')),
      'source_unavailable',
      /store/,
    ],
    [
      'an unknown source',
      manifest((text) => text.replace('User: request', 'User: disk')),
      'manifest_invalid',
      /User/,
    ],
    [
      'a source for an unknown type',
      manifest((text) => text.replace('User: request', 'Usr: request')),
      'unknown_type',
      /Usr/,
    ],

    ['a schema that does not parse', schema('entity;'), 'schema_invalid', /unexpected token/],
    ['a schema with an unknown type', schema('entity A { x: Nope };'), 'schema_invalid', /Nope/],
    ['a cycle of types', schema('type A = { a?: B }; type B = { b?: A };'), 'schema_invalid', /cycle/],
    ['a cycle of actions', schema('action a in b; action b in a;'), 'schema_invalid', /cycle/],
    [
      'a schema that nests too deep',
      schema(`entity A { x: ${'Set<'.repeat(3_000)}Long${'>'.repeat(3_000)} };`),
      'schema_invalid',
      /json_depth/,
    ],
    ['types that expand without end', schema(typeBomb(40)), 'schema_invalid', /schema_expansion/],
    [
      'types that expand over namespaces',
      schema(
        Array.from(
          { length: 41 },
          (_, at) =>
            `namespace N${at} { type T = { a: ${at === 0 ? 'Long' : `N${at - 1}::T`}, b: ${at === 0 ? 'Long' : `N${at - 1}::T`} }; }`,
        ).join('\n'),
      ),
      'schema_invalid',
      /schema_expansion/,
    ],
    [
      'a schema over its size',
      schema(`//${' '.repeat(LIMITS.schema_bytes)}`),
      'file_too_large',
      /schema_bytes/,
    ],
    [
      'a name that no terminal should show',
      schema('action "a\\u{202e}b" appliesTo { principal: User, resource: Receipt };'),
      'schema_invalid',
      /printable/,
    ],
    [
      'a fact that there is not',
      schema('action a appliesTo { principal: User, resource: Receipt, context: { pdp: { mood: Long } } };'),
      'fact_invalid',
      /mood/,
    ],
    [
      'a fact of another type',
      schema('action a appliesTo { principal: User, resource: Receipt, context: { pdp: { now: Long } } };'),
      'fact_invalid',
      /another type/,
    ],
    [
      'an optional fact',
      schema(
        'action a appliesTo { principal: User, resource: Receipt, context: { pdp: { now?: datetime } } };',
      ),
      'fact_invalid',
      /optional/,
    ],
    [
      'optional facts',
      schema(
        'action a appliesTo { principal: User, resource: Receipt, context: { pdp?: { now: datetime } } };',
      ),
      'fact_invalid',
      /required/,
    ],
    [
      'facts that are no record',
      schema('action a appliesTo { principal: User, resource: Receipt, context: { pdp: String } };'),
      'fact_invalid',
      /record/,
    ],

    [
      'a policy that does not parse',
      policy('@id("a")\npermit(principal action resource);'),
      'cedar_syntax',
      /unexpected token/,
    ],
    ['a policy without an end', policy(`@id("a") ${PERMIT}`), 'cedar_syntax', /unexpected end/],
    ['a policy without an id', policy(`${PERMIT};`), 'policy_id', /needs an @id/],
    ['an id without a value', policy(`@id ${PERMIT};`), 'policy_id', /1 to 128/],
    ['an id with other characters', policy(`@id("a b") ${PERMIT};`), 'policy_id', /1 to 128/],
    ['an id over 128 characters', policy(`@id("${'a'.repeat(129)}") ${PERMIT};`), 'policy_id', /1 to 128/],
    ['an id that another file has', policy(`@id("staff-view") ${PERMIT};`), 'policy_id', /used twice/],
    ['two ids', policy(`@id("a") @id("b") ${PERMIT};`), 'cedar_syntax', /duplicate annotation/],
    [
      'an approval that nobody asks for',
      policy(`@id("a") @approval("two") ${PERMIT};`),
      'policy_annotation',
      /@approval is not enforced/,
    ],
    [
      'an obligation that nobody carries out',
      policy(`@id("a") @obligation_log("x") ${PERMIT};`),
      'policy_annotation',
      /@obligation_log/,
    ],
    [
      'a limit that nobody counts',
      policy(`@id("a") @limit("5 per hour") ${PERMIT};`),
      'policy_annotation',
      /@limit/,
    ],
    ['an empty reason', policy(`@id("a") @reason ${PERMIT};`), 'policy_annotation', /@reason/],
    ['a code with spaces', policy(`@id("a") @code("a b") ${PERMIT};`), 'policy_annotation', /@code/],
    [
      'nested parentheses',
      when(`${'('.repeat(130)}true${')'.repeat(130)}`),
      'policy_too_deep',
      /expression_nesting/,
    ],
    [
      'nested sets',
      when(`${'['.repeat(70)}${']'.repeat(70)} == []`),
      'policy_too_deep',
      /expression_nesting/,
    ],
    [
      'nested conditionals',
      when(`${'if true then true else '.repeat(400)}true`),
      'policy_too_deep',
      /expression_nesting/,
    ],
    [
      'nested negations',
      when(`${'!('.repeat(63)}!!!resource.public${')'.repeat(63)}`),
      'policy_too_deep',
      /expression_nesting|nested/,
    ],
    ['a long chain of or', when(chain('||', 300, 'resource.public')), 'policy_too_deep', /operator_chain/],
    ['a long chain of and', when(chain('&&', 300, 'resource.public')), 'policy_too_deep', /operator_chain/],
    [
      'a chain that traps Cedar when it is parsed',
      when(`${Array(15_000).fill('1').join('+')} == 1`),
      'policy_traps',
      /too deep/,
    ],
    [
      'many clauses',
      policy(`@id("a") ${PERMIT}${' when { resource.public }'.repeat(300)};`),
      'policy_too_deep',
      /operator_chain/,
    ],
    [
      'chains in chains',
      when(
        Array(4)
          .fill(0)
          .reduce((inner: string) => `(${inner} || ${chain('||', 80, 'resource.public')}) && true`, 'true'),
      ),
      'policy_too_deep',
      /expression_depth/,
    ],
    [
      'a policy over its size',
      when(`"${'a'.repeat(LIMITS.policy_bytes)}" == ""`),
      'policy_too_large',
      /policy_bytes/,
    ],
    ['a call of unknown', when('unknown("x") == 1'), 'policy_construct', /unknown/],
    [
      'too many unanchored policies',
      policy(
        Array.from({ length: LIMITS.unanchored_policies + 1 }, (_, at) => `@id("u${at}") ${PERMIT};`).join(
          '\n',
        ),
      ),
      'limit_exceeded',
      /unanchored_policies/,
    ],
    [
      'an action that selects too many',
      policy(
        Array.from(
          { length: LIMITS.slice_policies + 1 },
          (_, at) => `@id("u${at}") permit(principal, action == Action::"edit", resource);`,
        ).join('\n'),
      ),
      'limit_exceeded',
      /slice_policies/,
    ],

    ['an attribute that there is not', when('resource.nope'), 'policy_invalid', /nope/],
    [
      'an unknown action',
      policy('@id("a") permit(principal, action == Action::"nope", resource);'),
      'policy_invalid',
      /nope/,
    ],
    [
      'an optional attribute that may be missing',
      policy('@id("a") permit(principal, action == Action::"list", resource) when { context.amount > 1 };'),
      'policy_invalid',
      /amount/,
    ],
    ['a policy that is impossible', when('1 == 2'), 'impossible_policy', /impossible/],
    [
      'a policy that no action fits',
      policy('@id("a") permit(principal is Group, action, resource);'),
      'no_applicable_action',
      /applicable action/,
    ],

    [
      'a policy that names too many entities',
      {
        ...entities(...Array.from({ length: LIMITS.reached_entities + 1 }, (_, at) => receipt(`n${at}`))),
        ...when(
          `resource in [${Array.from({ length: LIMITS.reached_entities + 1 }, (_, at) => `Receipt::"n${at}"`)}]`,
        ),
      },
      'limit_exceeded',
      /reached_entities/,
    ],
    [
      'an entity from which too much is reached',
      {
        ...schema('entity Shelf { all: Set<Receipt> };'),
        ...entities(
          ...Array.from({ length: LIMITS.reached_entities }, (_, at) => receipt(`n${at}`)),
          `{"uid": {"type": "Shelf", "id": "s"}, "parents": [], "attrs": {"all": [${Array.from({ length: LIMITS.reached_entities }, (_, at) => `{"type": "Receipt", "id": "n${at}"}`)}]}}`,
        ),
      },
      'limit_exceeded',
      /Shelf.*evaluation_weight/,
    ],
    [
      'a schema with too many combinations of types',
      schema(
        `entity ${Array.from({ length: 101 }, (_, at) => `E${at}`).join(', ')};\naction all appliesTo { principal: [${Array.from({ length: 101 }, (_, at) => `E${at}`)}], resource: [${Array.from({ length: 101 }, (_, at) => `E${at}`)}] };`,
      ),
      'schema_invalid',
      /request_environments/,
    ],

    ['links that are no JSON', { 'links.json': '[{]' }, 'json_syntax', /./],
    ['links that are no list', { 'links.json': '{}' }, 'link_invalid', /list/],
    ['a repeated name in links', { 'links.json': '[{"id": "a", "id": "b"}]' }, 'link_invalid', /repeated/],
    ['a link of no template', links({ ...LINK, template_id: 'staff-view' }), 'link_invalid', /no template/],
    ['a link whose id a policy has', links({ ...LINK, id: 'staff-view' }), 'link_invalid', /used twice/],
    ['a link whose id its template has', links({ ...LINK, id: 't' }), 'link_invalid', /used twice/],
    ['two links with one id', links(LINK, LINK), 'link_invalid', /used twice/],
    ['a link with a bad id', links({ ...LINK, id: 'a b' }), 'link_invalid', /not a policy id/],
    [
      'a link that leaves a slot empty',
      links({ ...LINK, values: { '?principal': LINK.values['?principal'] } }),
      'link_invalid',
      /\?resource/,
    ],
    [
      'a link that fills a slot too many',
      links({ ...LINK, values: { ...LINK.values, '?action': LINK.values['?principal'] } }),
      'link_invalid',
      /unknown key/,
    ],
    [
      'a link to an undeclared type',
      links({ ...LINK, values: { ...LINK.values, '?principal': { type: 'Usr', id: 'a' } } }),
      'link_invalid',
      /Usr/,
    ],
    [
      'a link to an action',
      links({ ...LINK, values: { ...LINK.values, '?principal': { type: 'Action', id: 'view' } } }),
      'link_invalid',
      /Action/,
    ],
    [
      'a link to an undeclared id',
      links({ ...LINK, values: { ...LINK.values, '?principal': { type: 'Color', id: 'blue' } } }),
      'link_invalid',
      /Color/,
    ],
    [
      'a link that no request can match',
      links({ ...LINK, values: { ...LINK.values, '?principal': { type: 'Color', id: 'red' } } }),
      'no_applicable_action',
      /applicable action/,
    ],
    ['an unknown key of a link', links({ ...LINK, note: 'x' }), 'link_invalid', /unknown key/],

    ['entities that are no JSON', { 'entities.json': '[' }, 'json_syntax', /./],
    [
      'an entity of a type of requests',
      entities('{"uid": {"type": "User", "id": "a"}, "attrs": {"level": 1}, "parents": []}'),
      'entity_invalid',
      /other source/,
    ],
    [
      'an action among the entities',
      entities('{"uid": {"type": "Action", "id": "view"}, "attrs": {}, "parents": []}'),
      'entity_invalid',
      /action/,
    ],
    [
      'an entity of an unknown type',
      entities('{"uid": {"type": "Nope", "id": "a"}, "attrs": {}, "parents": []}'),
      'entity_invalid',
      /no such entity type/,
    ],
    [
      'an entity without an attribute',
      entities(receipt('r3', '"attrs": {}, "parents": []')),
      'entity_invalid',
      /public/,
    ],
    [
      'an attribute that is not declared',
      entities(receipt('r3', '"attrs": {"public": true, "x": 1}, "parents": []')),
      'entity_invalid',
      /x/,
    ],
    [
      'a parent that is not declared',
      entities(receipt('r3', '"attrs": {"public": true}, "parents": [{"type": "Group", "id": "g"}]')),
      'entity_invalid',
      /Group|parent/,
    ],
    ['an entity that is listed twice', entities(receipt('r1')), 'entity_invalid', /twice/],
    [
      'an unknown value',
      entities(
        receipt('r3', '"attrs": {"public": {"__extn": {"fn": "unknown", "arg": "x"}}}, "parents": []'),
      ),
      'entity_invalid',
      /./,
    ],

    [
      'a test with an unknown key',
      yamlTest((text) => text.replace('description:', 'only: true\n  description:')),
      'test_invalid',
      /unknown key/,
    ],
    [
      'a test with an unknown fact',
      yamlTest((text) => text.replace('facts: { now', 'facts: { mood: 1, now')),
      'test_invalid',
      /mood/,
    ],
    [
      'a test with a bad entity',
      yamlTest((text) => text.replace('User::"a"', 'User::a')),
      'test_invalid',
      /must be an entity/,
    ],
    [
      'a test with a bad time',
      yamlTest((text) => text.replace('2026-11-22T10:00:00Z', 'today')),
      'test_invalid',
      /datetime/,
    ],
    [
      'a test that wants something else',
      yamlTest((text) => text.replace('decision: allow', 'decision: maybe')),
      'test_invalid',
      /allow or deny/,
    ],
    [
      'a test that fails',
      yamlTest((text) => text.replace('decision: allow', 'decision: deny')),
      'test_failed',
      /decision is allow, wanted deny/,
    ],
    [
      'a test with another reason',
      yamlTest((text) => text.replace('permitted', 'forbidden')),
      'test_failed',
      /reason_code is permitted/,
    ],
    [
      'a test that leaves a policy out',
      yamlTest((text) => text.replace('[staff-view]', '[]')),
      'test_failed',
      /determining is \[staff-view\]/,
    ],
    [
      'a test that wants errors',
      yamlTest((text) => text.replace('errors: []', 'errors: [staff-view]')),
      'test_failed',
      /errors is \[\]/,
    ],
    [
      'a test without the fact that it needs',
      yamlTest((text) => text.replace(/ {2}facts:.*\n/, '')),
      'test_failed',
      /pdp\.now/,
    ],
    [
      'a test that sends the fact itself',
      yamlTest((text) => text.replace('{ input:', '{ pdp: { now: x }, input:')),
      'test_failed',
      /pdp/,
    ],
    [
      'a test that the schema refuses',
      yamlTest((text) => text.replace('path: x', 'path: 1')),
      'test_failed',
      /refused/,
    ],
    ['tests that are not a list', { 'tests/a.yaml': 'a: 1\n' }, 'test_invalid', /list/],
    ['tests that are not YAML', { 'tests/a.yaml': 'a: [1\n' }, 'yaml_syntax', /./],
    ['a test in Cedar’s format that fails', cedarTest({ decision: 'deny' }), 'test_failed', /wanted deny/],
    [
      'a reason in Cedar’s format that is none',
      cedarTest({ reason: ['no-secrets'] }),
      'test_failed',
      /at least \[no-secrets\]/,
    ],
    ['another number of errors', cedarTest({ num_errors: 1 }), 'test_failed', /number of errors/],
    ['an unknown key in Cedar’s format', cedarTest({ note: 'x' }), 'test_invalid', /unknown key/],
  ];

  test.each(cases)('%s', async (_what, changes, code, message) => {
    const report = await check(changes);
    const found = report.problems.filter((problem) => problem.code === code);

    expect(report.ok).toBe(false);
    expect(found.map((problem) => problem.message)).toContainEqual(expect.stringMatching(message));
    for (const { severity } of found) expect(severity).toBe('error');
  });
});

describe('check', () => {
  test('passes a good bundle, with its tests', async () => {
    const report = await check(cedarTest({}));

    expect(report.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(report).toMatchObject({ ok: true, name: 'receipts', version: '1.0.0', policies: 2, entities: 2 });
    expect(report.tests).toMatchObject({ passed: 2, failed: 0 });
  });

  test('passes templates with their links', async () => {
    const report = await check({ ...links(LINK), 'tests/view.yaml': undefined });

    expect(report).toMatchObject({ ok: true, policies: 3, templates: 1 });
  });

  test('warns where a principal type takes the default source', async () => {
    const { ok, problems } = await check();

    expect(ok).toBe(true);
    expect(problems).toMatchObject(
      [{ severity: 'warning', code: 'source_defaulted', message: /Color/ }].map(
        ({ message: _message, ...rest }) => rest,
      ),
    );
  });

  test('reports every problem at once, in a fixed order, each with its place', async () => {
    const changes: Changes = {
      ...manifest((text) => text.replace('1.0.0', '1')),
      'extra.cedar': `${PERMIT};\n@id("b") ${PERMIT} when { resource.nope };\n@id("c") permit(principal action, resource);\n`,
      'tests/a.yaml': '- description: x\n',
    };
    const first = await check(changes);
    const second = await check(changes);

    expect(second.problems).toEqual(first.problems);
    expect(first.problems.map(placed)).toEqual([
      'bundle.yaml:3:10 manifest_invalid',
      'extra.cedar:1:1 policy_id',
      'extra.cedar:2:53 policy_invalid',
      'extra.cedar:3:27 cedar_syntax',
      'tests/a.yaml:1:3 test_invalid',
    ]);
    expect(first.tests).toBeUndefined();
  });

  test('places a problem by characters, though Cedar counts bytes', async () => {
    const { problems } = await check(policy(`// éé🦀\n@id("é🦀".x) ${PERMIT};\n`));

    expect(problems.map(placed)).toContain('extra.cedar:2:9 cedar_syntax');
  });

  test('allows a finding for exactly the policy that the manifest names', async () => {
    const two = `@id("a") ${PERMIT} when { 1 == 2 };\n@id("b") ${PERMIT} when { 1 == 2 };`;
    const allowed = manifest(
      (text) => `${text}allow_findings: [{ finding: impossible_policy, policy: a }]\n`,
    );
    const { problems } = await check({ ...policy(two), ...allowed });

    expect(
      problems.filter(({ code }) => code === 'impossible_policy').map(({ policy_id }) => policy_id),
    ).toEqual(['b']);
  });

  test('warns of an allowance that nothing needs', async () => {
    const { ok, problems } = await check(
      manifest((text) => `${text}allow_findings: [{ finding: impossible_policy, policy: staff-view }]\n`),
    );

    expect(ok).toBe(true);
    expect(problems.map(({ code }) => code)).toContain('unused_allowance');
  });

  test('warns of a recorded path that no action declares', async () => {
    const { ok, problems } = await check(
      manifest((text) => `${text}record: { allow: [input.path, input.nope] }\n`),
    );

    expect(ok).toBe(true);
    expect(problems.filter(({ code }) => code === 'unknown_path')).toHaveLength(1);
  });

  test('finds each wrong entity, not the first alone', async () => {
    const { problems } = await check(
      entities(
        receipt('r3', '"attrs": {}, "parents": []'),
        receipt('r4'),
        receipt('r5', '"attrs": {}, "parents": []'),
      ),
    );

    expect(problems.filter(({ code }) => code === 'entity_invalid')).toHaveLength(2);
  });

  test('finds the policy that traps among many, and goes on', async () => {
    const many = Array.from({ length: 50 }, (_, at) => `@id("u${at}") ${PERMIT};`).join('\n');
    const bad = `@id("bad") ${PERMIT} when { ${Array(15_000).fill('1').join('+')} == 1 };`;
    const { problems } = await check(
      policy(`${many}\n${bad}\n@id("last") ${PERMIT} when { resource.nope };`),
    );

    expect(problems.filter(({ code }) => code === 'policy_traps')).toHaveLength(1);
    expect(problems.filter(({ code }) => code === 'policy_invalid')).toHaveLength(1);
  });

  test('bounds what a hostile bundle makes a report weigh', async () => {
    const { problems } = await check(policy(`${PERMIT};`.repeat(3_000)));

    expect(problems).toHaveLength(1_001);
    expect(problems.at(-1)).toMatchObject({
      code: 'too_many_problems',
      message: expect.stringMatching(/2\d{3} more/),
    });
  });

  test('takes the limits themselves', async () => {
    const report = await check({
      'tests/view.yaml': undefined,
      ...when(`${'('.repeat(61)}resource.public${')'.repeat(61)}`),
      'chain.cedar': `@id("chain") ${PERMIT} when { ${chain('||', 250, 'resource.public')} };`,
    });

    expect(report.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  test('keeps integers of 64 bits as they are', async () => {
    const report = await check({
      ...schema(
        'entity Account { n: Long };\naction pay appliesTo { principal: User, resource: Account };\n',
      ),
      ...policy(
        '@id("exact") permit(principal, action == Action::"pay", resource) when { resource.n == 9007199254740993 };',
      ),
      ...entities('{"uid": {"type": "Account", "id": "a"}, "attrs": {"n": 9007199254740993}, "parents": []}'),
      ...yamlTest((text) =>
        text
          .replace('Action::"view"', 'Action::"pay"')
          .replace('Receipt::"r1"', 'Account::"a"')
          .replace('{ input: { path: x } }', '{}')
          .replace('staff-view', 'exact'),
      ),
    });

    expect(report.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  test('stops when it is told to', async () => {
    const many = Array.from(
      { length: 3_000 },
      (_, at) => `@id("u${at}") permit(principal == User::"${at}", action, resource);`,
    );
    const files = filesOf(policy(many.join('\n')));

    await expect(checkBundle(files, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});

function placed({ file, start, code }: Problem): string {
  return `${file}:${start?.line}:${start?.column} ${code}`;
}
