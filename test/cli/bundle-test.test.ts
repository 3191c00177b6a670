import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeBundle } from './support/bundle-folder.ts';
import { spawnPalisade, usePalisade } from './support/run.ts';
import { parseXml } from './support/xml.ts';

const palisade = usePalisade();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palisade-bundle-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

const WRONG = `- description: "secrets \\e[2J are shown"
  request: { principal: 'User::"a"', action: 'Action::"view"', resource: 'Receipt::"r2"', context: { input: { path: x } } }
  entities:
    - { uid: { type: User, id: a }, attrs: { level: 1 }, parents: [{ type: Group, id: staff }] }
  facts: { now: "2026-11-22T10:00:00Z" }
  want: { decision: allow, reason_code: permitted, determining: [staff-view] }
`;

describe('bundle test', () => {
  test('says what the tests have not seen, with its place and text, and holds a floor', async () => {
    const dir = await writeBundle(join(folder, 'half'));
    const { code, stdout, stderr } = await palisade(['bundle', 'test', dir, '--min-coverage', '66']);

    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'receipts 1.0.0: 1 of 1 tests passed\ncoverage 66%: 4 of 6 goals, 1 of 2 policies wholly\n',
    );
    expect(stdout).toMatch(/^no-secrets +receipts\.cedar:4 +50% +1 +0 +1 +0 +0$/m);
    expect(stdout).toContain('receipts.cedar:4: no-secrets: it never decided\n');
    expect(stdout).toContain('receipts.cedar:6: no-secrets: when never true: !resource.public\n');

    const below = await palisade(['bundle', 'test', dir, '--min-coverage', '67']);
    expect(below.code).toBe(1);
    expect(below.stdout).toContain('coverage 66% is below --min-coverage 67');
  });

  test('tells of a failure which approval and which obligations were wanted, and what came', async () => {
    const dir = await writeBundle(join(folder, 'asking'), {
      'tests/wrong.yaml': WRONG.replace(
        'determining: [staff-view]',
        `obligations: [log_only], approval: { groups: [{ group: 'Group::"staff"' }], ttl: 15m }`,
      ),
    });
    const { code, stdout } = await palisade(['bundle', 'test', dir]);

    expect(code).toBe(1);
    expect(stdout).toContain('  approval     wanted 1 of Group::"staff" within 15m, came none\n');
    expect(stdout).toContain('  obligations  wanted [log_only], came []\n');
  });

  test('tells a failure with its line, what was wanted and what came, and obeys nothing in a name', async () => {
    const dir = await writeBundle(join(folder, 'wrong'), { 'tests/wrong.yaml': WRONG });
    const junit = join(folder, 'report.xml');
    const { code, stdout } = await palisade(['bundle', 'test', dir, '--junit', junit]);

    expect(code).toBe(1);
    expect(stdout).toContain(`tests/wrong.yaml:1: failed: "secrets \\u001b[2J are shown"
  decision     wanted allow, came deny
  reason_code  wanted permitted, came forbidden
  determining  wanted [staff-view], came [no-secrets]
  errors       wanted [], came []
`);
    expect(stdout).not.toContain('\u{1b}');
    expect(parseXml(await readFile(junit, 'utf8'))).toMatchObject({
      attributes: { tests: '2', failures: '1' },
    });

    const filtered = await palisade(['bundle', 'test', dir, '--filter', 'PUBLIC receipt', '--json']);
    expect(filtered.code).toBe(0);
    expect(JSON.parse(filtered.stdout)).toMatchObject({
      ok: true,
      tests: { passed: 1, failed: 0, left_out: 1 },
      coverage: {
        percent: 66,
        policies: [{ policy_id: 'staff-view' }, { branches: [{ missing: ['true'] }] }],
      },
    });
  });

  test('takes an archive as it takes a folder', async () => {
    const dir = await writeBundle(join(folder, 'packed'));
    const archive = join(folder, 'packed.palisade.tgz');
    expect(await palisade(['bundle', 'build', dir, '-o', archive])).toMatchObject({ code: 0 });

    expect(await palisade(['bundle', 'test', archive])).toEqual(await palisade(['bundle', 'test', dir]));
  });

  test('runs no test of a bundle that cannot be read, nor of a folder with something else in it', async () => {
    const dir = await writeBundle(join(folder, 'broken'), { 'receipts.cedar': '@id("a") permit(' });
    const junit = join(folder, 'broken.xml');
    const { code, stdout } = await palisade(['bundle', 'test', dir, '--junit', junit]);

    expect(code).toBe(1);
    expect(stdout).toMatch(/^receipts\.cedar:1:\d+: error: .*\[cedar_syntax\]$/m);
    expect(stdout).toContain('1 problem(s): the tests were not run');
    expect(parseXml(await readFile(junit, 'utf8'))).toMatchObject({ attributes: { errors: '1' } });

    const stray = await writeBundle(join(folder, 'stray'), { 'notes.txt': 'x' });
    expect(await palisade(['bundle', 'test', stray])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('[file_refused]'),
    });
  });

  test.each([
    ['no folder', ['absent'], 'neither a folder'],
    ['a filter that leaves nothing', ['policies/receipts', '--filter', 'no such test'], 'no test'],
    [
      'a percentage that is none',
      ['policies/receipts', '--min-coverage', '101'],
      'a whole number from 0 to 100',
    ],
  ])('%s is wrong usage', async (_what, args, message) => {
    const { code, stderr } = await palisade(['bundle', 'test', ...args]);

    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

test('bundle test --watch runs again after each change, survives what is broken, and ends at an interrupt', async () => {
  const dir = await writeBundle(join(folder, 'watched'));
  const child = spawnPalisade(['bundle', 'test', dir, '--watch', '--json']);
  const exited = once(child, 'exit');
  try {
    if (child.stdout === null) throw new Error('no output');
    const runs = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => JSON.parse((await runs.next()).value ?? '""');

    expect(await next()).toMatchObject({ ok: true, tests: { passed: 1 } });
    await writeFile(join(dir, 'receipts.cedar'), '@id("a") permit(');
    expect(await next()).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([expect.objectContaining({ code: 'cedar_syntax' })]),
    });
    // As an editor saves: a new file in the place of the old one.
    await writeFile(join(dir, '.receipts.cedar.new'), '@id("a") permit(principal, action, resource);\n');
    await rename(join(dir, '.receipts.cedar.new'), join(dir, 'receipts.cedar'));
    expect(await next()).toMatchObject({ ok: false, tests: { failed: 1 } });
    const other = await writeBundle(join(folder, 'other'), { 'tests/wrong.yaml': WRONG });
    await rm(dir, { recursive: true });
    await rename(other, dir);
    expect(await next()).toMatchObject({ ok: false, tests: { passed: 1, failed: 1 } });
  } finally {
    child.kill('SIGINT');
  }

  expect(await exited).toEqual([0, null]);
});
