import { describe, expect, test } from 'vitest';
import { checkBundle } from '../../services/bundles/check.ts';
import type { Problem } from '../../services/bundles/problem.ts';
import {
  type Changes,
  cedarTest,
  chain,
  entities,
  LINK,
  links,
  manifest,
  PERMIT,
  policy,
  receipt,
  schema,
  when,
  yamlTest,
} from './bundle-changes.ts';
import { check } from './check-bundle.ts';
import { filesOf } from './files-of.ts';

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
    expect(problems.filter(({ code }) => code !== 'lint')).toMatchObject([
      { severity: 'warning', code: 'source_defaulted', message: expect.stringContaining('Color') },
    ]);
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
