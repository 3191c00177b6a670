import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BundleFiles } from '../../services/bundles/files.ts';
import { limited } from '../bundles/limits/limited-bundle.ts';
import { storeBundle } from '../bundles/stored/store-bundle.ts';
import { payBundle } from '../pdp/approvals/support.ts';
import { writeBundle } from './support/bundle-folder.ts';
import { type Ran, usePalisade } from './support/run.ts';

const palisade = usePalisade();
let folder: string;
let bundle: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palisade-decide-'));
  bundle = await writeBundle(join(folder, 'bundle'));
});
afterAll(() => rm(folder, { recursive: true }));

const USER =
  '[{"uid":{"type":"User","id":"a"},"attrs":{"level":1},"parents":[{"type":"Group","id":"staff"}]}]';
const QUESTION: Readonly<Record<string, string>> = {
  principal: 'User::"a"',
  action: 'Action::"view"',
  resource: 'Receipt::"r1"',
  context: '{"input":{"path":"x"}}',
  entities: USER,
};

function decide(changes: Record<string, string | undefined> = {}, ...more: readonly string[]): Promise<Ran> {
  const options = Object.entries({ bundle, ...QUESTION, ...changes }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );

  return palisade(['decide', ...options, ...more]);
}

function textsOf(files: BundleFiles): Record<string, string> {
  return Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]));
}

describe('decide', () => {
  test('allows with 0 and denies with 1, and says by which policies of which bundle', async () => {
    const allowed = await decide();
    expect(allowed).toMatchObject({ code: 0, stderr: '' });
    expect(allowed.stdout).toMatch(
      /^allow \(permitted\)\nby staff-view\nin receipts 1\.0\.0 sha256:[0-9a-f]{64}\nfacts: now is datetime\("20/,
    );

    const denied = await decide({ resource: 'Receipt::"r2"', fact: 'now=2026-11-22T10:00:00Z' });
    expect(denied.code).toBe(1);
    expect(denied.stdout).toContain('deny (forbidden): This receipt is secret.\nby no-secrets\n');
    expect(denied.stdout).toContain('facts: now is datetime("2026-11-22T10:00:00.000Z")');
  });

  test('takes what is used of a limit, denies over it, and explains by it', async () => {
    const files = Object.entries(limited() ?? {}).map(([path, text]) => [path, String(text)]);
    const counted = await writeBundle(join(folder, 'limited'), Object.fromEntries(files));
    const send = (used: string | undefined, amount: number, ...more: readonly string[]) =>
      decide(
        {
          bundle: counted,
          action: 'Action::"send"',
          resource: 'Account::"a1"',
          context: JSON.stringify({ input: { amount, note: '' } }),
          entities: '[{"uid":{"type":"User","id":"a"},"attrs":{"level":1},"parents":[]}]',
          fact: used,
        },
        ...more,
      );

    expect(await send(undefined, 10)).toMatchObject({ code: 0, stderr: '' });
    const over = await send('limits.sent=8', 3, '--explain');
    expect(over.code).toBe(1);
    expect(over.stdout).toContain('deny (limit_exceeded): A limit would be exceeded: sent.\n');
    expect(over.stdout).toContain('over a limit; the policies allow it, by send\n');
    expect(over.stdout).toContain('remaining');
    expect(await send('limits.sent=9', 1)).toMatchObject({ code: 1 });
    expect(await send('limits.sent=9', -1)).toMatchObject({ code: 2 });
    expect((await send('limits.other=9', 1)).stderr).toContain('no limit other counts the action');
    expect((await send('limits.sent=x', 1)).stderr).toContain('what is used of it');
    expect(await send('run={"labels":["secret"]}', 1)).toMatchObject({ code: 0 });
    expect(await send('run={"labels":"secret"}', 1)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('run.labels'),
    });
    expect(await send('approval', 1)).toMatchObject({ code: 2, stderr: expect.stringContaining('approval') });
    expect((await send('runs={}', 1)).stderr).toContain('run=JSON');
  });

  test('says whose word would lift a denial, and allows what they have approved by a fact', async () => {
    const asking = await writeBundle(join(folder, 'asking'), textsOf(payBundle()));
    const pay = (...more: readonly string[]) =>
      decide(
        {
          bundle: asking,
          principal: 'Bot::"bot"',
          action: 'Action::"pay"',
          resource: 'Account::"a"',
          context: '{"input":{"amount":500}}',
          entities: undefined,
        },
        ...more,
      );
    const required = await pay();
    const approved =
      'approval={"by":["User::\\"fay\\""],"at":{"__extn":{"fn":"datetime","arg":"2026-11-29T10:00:00Z"}},"count":1}';

    expect(required.code).toBe(1);
    expect(required.stdout).toContain(
      'deny (approval_required): A payment over 100 needs somebody of finance.\nby large-payments\nuntil approved by 1 of Group::"finance", within 10m\n',
    );
    expect(JSON.parse((await pay('--json')).stdout)).toMatchObject({
      decision: 'deny',
      reason_code: 'approval_required',
      approval: { groups: [{ group: 'Group::"finance"', count: 1 }], ttl: '10m', severity: 'high' },
    });
    expect((await pay('--explain')).stdout).not.toContain('approver 1');
    expect(await pay('--fact', approved)).toMatchObject({ code: 0 });
    expect(JSON.parse((await pay('--fact', approved, '--json')).stdout)).not.toHaveProperty('approval');
  });

  test('takes what is listed of the types of the store as what the store holds, and explains by it', async () => {
    const reads = await writeBundle(join(folder, 'store'), textsOf(storeBundle()));
    const under = (org: string): string =>
      JSON.stringify([
        { uid: { type: 'Team', id: 'writers' }, attrs: {}, parents: [{ type: 'Org', id: org }] },
        { uid: { type: 'User', id: 'a' }, attrs: { level: 1 }, parents: [{ type: 'Team', id: 'writers' }] },
        { uid: { type: 'Doc', id: 'd' }, attrs: { public: true }, parents: [] },
      ]);
    const asked = { bundle: reads, action: 'Action::"read"', resource: 'Doc::"d"', context: undefined };

    expect(await decide({ ...asked, entities: under('good') })).toMatchObject({ code: 0 });

    const denied = await decide({ ...asked, entities: under('evil') }, '--explain', '--json');
    expect(denied.code).toBe(1);
    const { policies } = JSON.parse(denied.stdout).explanation;
    expect(policies).toContainEqual(
      expect.objectContaining({
        policy_id: 'not-of-evil',
        determining: true,
        scope: expect.arrayContaining([
          expect.objectContaining({ within: ['Org::"evil"', 'Team::"writers"'] }),
        ]),
      }),
    );

    const missing = await decide({ ...asked, entities: '[]' });
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('the store does not know it') });
  });

  test('asks by the clock where a fact is not given', async () => {
    const before = Date.now();
    const { stdout } = await decide({}, '--json');
    const { facts } = JSON.parse(stdout) as { facts: { now: { __extn: { arg: string } } } };

    expect(Date.parse(facts.now.__extn.arg)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(facts.now.__extn.arg)).toBeLessThanOrEqual(Date.now());
  });

  test('explains each policy that was looked at, and one that was not', async () => {
    const { stdout } = await decide({ resource: 'Receipt::"r2"' }, '--explain');

    expect(stdout).toContain(`permit staff-view (receipts.cedar:1) matches
  principal in Group::"staff" → true  (it is User::"a", in Group::"staff")
  action == Action::"view" → true  (it is Action::"view")
  it has no conditions

forbid no-secrets (receipts.cedar:4) matches, and decides
  action == Action::"view" → true  (it is Action::"view")
  when: holds
    !resource.public → true  (resource.public is false)

No policy is excluded by its scope.
`);

    const list = { action: 'Action::"list"', context: '{}' };
    const counted = await decide(list, '--explain', '--fact', 'now=2026-11-22');
    expect(counted.stdout).toContain(
      'Excluded by their scope: 2 (2 by action, 0 by principal, 0 by resource; one can be excluded by several).\n',
    );
    expect(counted.stderr).toBe(
      'palisade: the action does not declare the fact now, so --fact changes nothing\n',
    );

    const outside = await decide(
      { action: 'Action::"list"', context: '{}' },
      '--policy',
      'no-secrets',
      '--json',
    );
    expect(outside).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(outside.stdout)).toMatchObject({
      decision: 'deny',
      cedar_decision: 'deny',
      reason_code: 'not_permitted',
      bundle: { name: 'receipts' },
      bundle_problems: 0,
      facts: {},
      explanation: {
        excluded: { total: 2, action: 2, principal: 0, resource: 0 },
        policies: [
          {
            policy_id: 'no-secrets',
            outcome: 'excluded',
            scope: [{ matches: true }, { matches: false }, { matches: true }],
          },
        ],
      },
    });
  });

  test('gives exact values as data, and obeys nothing that is in them', async () => {
    const hostile = await writeBundle(join(folder, 'hostile'), {
      'receipts.cedar': `@id("x") @reason("line\\n\\u{1b}[2Jend") forbid(principal is User, action, resource)
when { context has input && context.input.path != "\\u{202e}" && principal.level == 9007199254740993 };\n`,
      'tests/view.yaml': undefined,
    });
    const options = {
      bundle: hostile,
      context: '{"input":{"path":"\\u001b[2J"}}',
      entities: USER.replace('"level":1', '"level":9007199254740993'),
    };
    const { code, stdout } = await decide(options, '--explain');

    expect(code).toBe(1);
    for (const control of '\u{1b}\u{202e}') expect(stdout).not.toContain(control);
    expect(stdout).toContain('deny (forbidden): line\\u{a}\\u{1b}[2Jend\n');
    expect(stdout).toContain('(context.input.path is "\\u{1b}[2J")');
    expect((await decide(options, '--explain', '--json')).stdout).toContain('"value":9007199254740993');
  });

  test('takes the body of a call to the server, and files in the place of texts', async () => {
    const request = join(folder, 'request.json');
    const body = {
      context: JSON.parse(QUESTION['context'] ?? ''),
      entities: JSON.parse(USER),
      mode: 'check',
    };
    await writeFile(
      request,
      JSON.stringify({
        principal: { type: 'User', id: 'a' },
        action: { type: 'Action', id: 'view' },
        resource: { type: 'Receipt', id: 'r1' },
        ...body,
      }),
    );
    await writeFile(join(folder, 'entities.json'), USER);
    const facts = ['--fact', 'now=2026-11-22'];

    const byFile = await palisade(['decide', '--bundle', bundle, '--request', request, ...facts]);
    expect(byFile.code).toBe(0);
    expect(await decide({ entities: `@${join(folder, 'entities.json')}` }, ...facts)).toEqual(byFile);
  });

  test('tells a deny by an error from one by policy', async () => {
    const failing = await writeBundle(join(folder, 'failing'), {
      'more.cedar': `@id("fails") forbid(principal is User, action, resource) when { principal.level + 9223372036854775807 > 0 };\n`,
      'tests/view.yaml': undefined,
    });
    const { code, stdout } = await decide({ bundle: failing }, '--explain');

    expect(code).toBe(1);
    expect(stdout).toContain('deny (policy_error)');
    expect(stdout).toContain('Cedar alone would allow, by staff-view; a forbid failed, which denies\n');
    expect(stdout).toContain('fails failed: integer overflow\n');
    expect(stdout).toContain('principal.level + 9223372036854775807 → error: integer overflow');
  });

  test('decides by a bundle that a server would not run, and says so', async () => {
    const invalid = await writeBundle(join(folder, 'invalid'), {
      'more.cedar': '@id("typo") forbid(principal is User, action, resource) when { principal.lvl == 1 };\n',
    });

    expect(await decide({ bundle: invalid })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('palisade bundle check'),
    });
  });
});

describe('what is not decided is no deny', () => {
  test.each([
    ['an entity that is none', { principal: 'User::a' }, [], '--principal must be an entity'],
    ['an entity that JSON could not name', { principal: 'User::"\\u{fffd}"' }, [], 'principal'],
    ['no resource', { resource: undefined }, [], '--resource is required'],
    ['no bundle', { bundle: 'absent' }, [], 'neither a folder'],
    ['a fact that there is not', {}, ['--fact', 'then=1'], '--fact knows now'],
    ['a time that is none', {}, ['--fact', 'now=noon'], 'must be a datetime'],
    ['a policy that there is not', {}, ['--policy', 'nope'], 'has no policy nope'],
    ['both forms of a request', {}, ['--request', 'x'], 'cannot be used with option'],
    ['a context that does not fit', { context: '{"input":{"path":1}}' }, [], 'context.input.path'],
    ['a context that asserts a fact', { context: '{"pdp":{}}' }, [], 'context.pdp'],
    ['a list that is none', { entities: '{}' }, [], 'entities must be a list'],
    ['an absent file', { context: '@absent.json' }, [], 'cannot read the file absent.json'],
    ['too much', { context: JSON.stringify({ input: { path: 'x'.repeat(70_000) } }) }, [], 'string_bytes'],
  ])('%s', async (_what, changes, more, message) => {
    const { code, stdout, stderr } = await decide(changes, ...more);

    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  test('nor is a bundle that cannot be read', async () => {
    const broken = await writeBundle(join(folder, 'broken'), { 'receipts.cedar': '@id("a") permit(' });

    expect(await decide({ bundle: broken })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/cannot be read\n[\s\S]*receipts\.cedar:1:\d+: error/),
    });
  });

  test('nor a request that expects another bundle', async () => {
    const request = join(folder, 'other.json');
    const uid = (type: string, id: string) => ({ type, id });
    await writeFile(
      request,
      JSON.stringify({
        principal: uid('User', 'a'),
        action: uid('Action', 'view'),
        resource: uid('Receipt', 'r1'),
        expected_bundle_digest: `sha256:${'0'.repeat(64)}`,
      }),
    );

    expect(await palisade(['decide', '--bundle', bundle, '--request', request])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('precondition_failed'),
    });
  });
});
