import { describe, expect, test } from 'vitest';
import type { PolicyCoverage } from '../../services/bundles/coverage.ts';
import { testBundle } from '../../services/bundles/test-bundle.ts';
import { filesOf, validFile } from './files-of.ts';

type Changes = Parameters<typeof filesOf>[0];

async function coverageOf(changes: Changes = {}, filter = '') {
  const { coverage } = await testBundle(filesOf(changes), { filter });
  const policy = (id: string): PolicyCoverage => {
    const found = coverage?.policies.find(({ policy_id }) => policy_id === id);
    if (found === undefined) throw new Error(`no coverage of ${id}`);

    return found;
  };

  return { coverage, policy };
}

/** A test of the valid bundle, of a receipt, with what it wants. */
function view(receipt: string, want: string, level = 1): string {
  return `- description: views ${receipt} at ${level}
  request: { principal: 'User::"a"', action: 'Action::"view"', resource: 'Receipt::"${receipt}"', context: { input: { path: x } } }
  entities:
    - { uid: { type: User, id: a }, attrs: { level: ${level} }, parents: [{ type: Group, id: staff }] }
  facts: { now: "2026-11-22T10:00:00Z" }
  want: ${want}
`;
}
const ALLOWED = '{ decision: allow, reason_code: permitted }';
const FORBIDDEN = '{ decision: deny, reason_code: forbidden, determining: [no-secrets] }';

describe('the coverage of a bundle', () => {
  test('counts what the tests saw of each policy, and names what they did not', async () => {
    const { coverage, policy } = await coverageOf();

    expect(policy('staff-view')).toMatchObject({
      file: 'receipts.cedar',
      line: 1,
      effect: 'permit',
      matched: 1,
      held: 1,
      not_held: 0,
      determined: 1,
      covered: 2,
      goals: 2,
      percent: 100,
      branches: [],
    });
    expect(policy('no-secrets')).toMatchObject({
      line: 4,
      matched: 1,
      held: 0,
      not_held: 1,
      failed: 0,
      determined: 0,
      covered: 2,
      goals: 4,
      percent: 50,
      branches: [
        {
          file: 'receipts.cedar',
          line: 6,
          part: 'when',
          text: '!resource.public',
          seen: { true: 0, false: 1, other: 0, failed: 0 },
          missing: ['true'],
        },
      ],
    });
    expect(coverage).toMatchObject({ covered: 4, goals: 6, percent: 66 });
  });

  test('is whole once each goal was seen, by whichever test', async () => {
    const { coverage } = await coverageOf({ 'tests/more.yaml': view('r2', FORBIDDEN) });

    expect(coverage).toMatchObject({ covered: 6, goals: 6, percent: 100 });
  });

  test('is that of the tests that the filter leaves', async () => {
    const changes = { 'tests/more.yaml': view('r2', FORBIDDEN) };
    const { coverage } = await coverageOf(changes, 'MORE.yaml'.toLowerCase());

    expect(coverage).toMatchObject({ covered: 4, goals: 6 });
    expect((await coverageOf(changes, 'VIEWS R2')).coverage).toEqual(coverage);
  });

  test('tells a policy that no request matched, one that fails, and a chain that stops early', async () => {
    const { policy } = await coverageOf({
      'more.cedar': `@id("nobody") forbid(principal == User::"nobody", action, resource);
@id("fails") permit(principal is User, action, resource is Receipt) when { principal.level + 9223372036854775807 > 0 };
// The last operand is never reached.
@id("stops") permit(principal is User, action, resource)
when {
  principal.level == 1 ||
  principal.level == 2
};
`,
      'tests/view.yaml': view('r1', '{ decision: allow, reason_code: permitted, errors: [fails] }'),
    });

    expect(policy('nobody')).toMatchObject({ matched: 0, determined: 0, covered: 0, goals: 2, percent: 0 });
    expect(policy('fails')).toMatchObject({
      matched: 1,
      failed: 1,
      covered: 1,
      goals: 4,
      branches: [{ seen: { true: 0, false: 0, failed: 1 }, missing: ['true', 'false'] }],
    });
    expect(policy('stops').branches.map(({ line, text, missing }) => [line, text, missing])).toEqual([
      [6, 'principal.level == 1 || principal.level == 2', ['false']],
      [6, 'principal.level == 1', ['false']],
      [7, 'principal.level == 2', ['true', 'false']],
    ]);
  });

  test('joins the links of a template, and names those that no request matched', async () => {
    const { coverage, policy } = await coverageOf({
      'share.cedar':
        '@id("share") permit(principal == ?principal, action, resource is Receipt) when { resource.public };\n@id("unused") permit(principal == ?principal, action, resource);\n',
      'links.json': JSON.stringify(
        ['a', 'b'].map((id) => ({
          template_id: 'share',
          id: `share-${id}`,
          values: { '?principal': { type: 'User', id } },
        })),
      ),
      'tests/view.yaml': view('r1', ALLOWED),
    });

    expect(policy('share')).toMatchObject({
      file: 'share.cedar',
      line: 1,
      links: { total: 2, unmatched: ['share-b'] },
      matched: 1,
      determined: 1,
      covered: 3,
      goals: 4,
    });
    // Without a link, a template is no policy.
    expect(coverage?.policies.map(({ policy_id }) => policy_id)).not.toContain('unused');
  });

  test('of a bundle without tests is nothing, and of one without policies all', async () => {
    expect((await coverageOf({ 'tests/view.yaml': undefined })).coverage).toMatchObject({
      percent: 0,
      covered: 0,
    });
    const empty = await coverageOf({ 'receipts.cedar': undefined, 'tests/view.yaml': undefined });
    expect(empty.coverage).toEqual({ covered: 0, goals: 0, percent: 100, policies: [] });
  });
});

describe('the tests of a bundle', () => {
  test('are told with what was wanted and what came', async () => {
    const { tests } = await testBundle(
      filesOf({
        'tests/view.yaml': view(
          'r2',
          '{ decision: allow, reason_code: permitted, determining: [staff-view] }',
        ),
      }),
    );

    expect(tests).toMatchObject({ passed: 0, failed: 1, left_out: 0 });
    expect(tests?.results).toEqual([
      {
        file: 'tests/view.yaml',
        line: 1,
        name: 'views r2 at 1',
        passed: false,
        differences: [
          'decision is deny, wanted allow',
          'reason_code is forbidden, wanted permitted',
          'determining is [no-secrets], wanted [staff-view]',
        ],
        want: { decision: 'allow', reason_code: 'permitted', determining: ['staff-view'], errors: [] },
        got: {
          decision: 'deny',
          reason_code: 'forbidden',
          determining: ['no-secrets'],
          obligations: [],
          errors: [],
        },
      },
    ]);
  });

  test('in the format of Cedar say no more than that format does', async () => {
    const test = {
      name: 'from Cedar',
      request: {
        principal: 'User::"a"',
        action: 'Action::"list"',
        resource: 'Receipt::"r1"',
        context: {},
      },
      entities: [{ uid: { type: 'User', id: 'a' }, attrs: { level: 1 }, parents: [] }],
      decision: 'deny',
      reason: [],
      num_errors: 1,
    };
    const { tests } = await testBundle(
      filesOf({ 'tests/view.yaml': undefined, 'tests/a.json': JSON.stringify([test]) }),
    );

    expect(tests?.results).toMatchObject([
      {
        passed: false,
        want: { decision: 'deny', determining: [], errors: 1 },
        got: { decision: 'deny', reason_code: 'not_permitted', errors: [] },
      },
    ]);
  });

  test('that are refused say what by', async () => {
    const { tests } = await testBundle(
      filesOf({ 'tests/view.yaml': validFile('tests/view.yaml').replace('Receipt::"r1"', 'Receipt::"r9"') }),
    );

    expect(tests?.results).toMatchObject([
      {
        passed: false,
        got: { error: 'invalid_request', field: 'resource', message: expect.stringContaining('r') },
      },
    ]);
  });

  test('do not run where the bundle cannot be read, which is told', async () => {
    const { tests, coverage, problems } = await testBundle(
      filesOf({ 'receipts.cedar': '@id("x") permit(principal, action' }),
    );

    expect([tests, coverage]).toEqual([undefined, undefined]);
    expect(problems.filter(({ severity }) => severity === 'error')).toMatchObject([
      { code: 'cedar_syntax', file: 'receipts.cedar' },
    ]);
  });
});
