import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BundleFiles } from '../../services/bundles/files.ts';
import { bundleFiles } from '../pdp/support/bundle.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { useWorld } from '../support/use-world.ts';
import { type Ran, spawnPalisade, usePalisade } from './support/run.ts';

const palisade = usePalisade();
const world = useWorld(async (made) => ({ ...made, server: await made.serve() }));
let folder: string;
const bundles = { first: '', second: '', changed: '' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palisade-cli-'));
  bundles.first = await writeBundle('first', bundleFiles('1.0.0'));
  bundles.second = await writeBundle('second', bundleFiles('2.0.0'));
  const more = Buffer.from('@id("none") forbid(principal, action, resource);');
  bundles.changed = await writeBundle('changed', new Map([...bundleFiles('1.0.0'), ['more.cedar', more]]));
});
afterAll(() => rm(folder, { recursive: true }));

async function writeBundle(name: string, files: BundleFiles): Promise<string> {
  const dir = join(folder, name);
  await mkdir(dir);
  for (const [path, content] of files) await writeFile(join(dir, path), content);

  return dir;
}

function env(): Record<string, string> {
  const { adminToken, server } = world();

  return { PALISADE_TOKEN: adminToken, PALISADE_ADMIN_URL: `http://${server.addresses.admin}` };
}

const run = (...args: string[]): Promise<Ran> => palisade(args, env());
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout);

/** Puts one question to the server; it is answered, and so recorded. */
async function decide(principal: string, token = world().runtimeToken): Promise<Response> {
  return fetch(`http://${world().server.addresses.rest}/v1/authorize`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      principal: { type: 'Agent', id: principal },
      action: { type: 'Action', id: 'read' },
      resource: { type: 'Doc', id: 'd' },
    }),
  });
}

test('a bundle is pushed once, deployed, watched and replaced, and a lost race is told what came before', async () => {
  const pushed = await run('bundle', 'push', bundles.first);
  expect(pushed.stdout).toMatch(
    /^docs 1\.0\.0 is stored: sha256:\w{64}\nNext: palisade deploy activate default sha256:/,
  );
  const first = await json('bundle', 'push', bundles.first);
  expect(first).toMatchObject({ name: 'docs', version: '1.0.0', created: false });

  const changed = await run('bundle', 'push', bundles.changed);
  expect(changed.code).toBe(1);
  expect(changed.stderr).toMatch(
    /^palisade: conflict: docs 1\.0\.0 exists .*give the changed bundle another version/,
  );

  const second = await json('bundle', 'push', bundles.second);
  expect((await json('bundle', 'list')).bundles.map(({ version }: { version: string }) => version)).toEqual([
    '2.0.0',
    '1.0.0',
  ]);
  expect((await run('bundle', 'show', first.digest)).stdout).toMatch(/^version +1\.0\.0$/m);
  expect(await run('bundle', 'show', second.digest.replace(/\w{8}$/, '00000000'))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not_found'),
  });

  expect((await run('deploy', 'status', 'default')).stdout).toContain('default runs no bundle yet');
  const activate = (digest: string, sequence: string) =>
    run(
      'deploy',
      'activate',
      'default',
      digest,
      '--expected-sequence',
      sequence,
      '--reason',
      'a\u001b[2Jtest',
    );
  expect(await activate(first.digest, '0')).toMatchObject({
    code: 0,
    stdout: 'default runs docs 1.0.0 as sequence 1.\n',
  });
  const lost = await activate(second.digest, '0');
  expect(lost.code).toBe(1);
  expect(lost.stderr).toContain('the store default is not at sequence 0: test-admin activated docs 1.0.0');
  expect(await activate(second.digest, '1')).toMatchObject({ code: 0 });

  const { stdout: status } = await run('deploy', 'status', 'default');
  expect(status).toMatch(/^default runs docs 2\.0\.0 .*\nsequence 2; the process that answered serves it$/m);
  expect(status).toContain('a\\u{1b}[2Jtest');
  expect(await (await decide('a')).json()).toMatchObject({ bundle: { digest: second.digest } });
});

test('a request is decided by what a store runs, or by any bundle that is stored', async () => {
  const { active, history } = await json('deploy', 'status', 'default');
  const [, first] = history;
  const question = ['--principal', 'Agent::"a"', '--action', 'Action::"read"', '--resource', 'Doc::"d"'];
  expect(await run('decide', '--store', 'default', ...question)).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringContaining(`in docs 2.0.0 ${active.bundle.digest}`),
  });
  expect((await run('decide', '--bundle', first.bundle.digest, ...question)).stdout).toContain(
    'in docs 1.0.0',
  );

  await run('deploy', 'canary', 'default', first.bundle.digest, '--percent', '5');
  await run('deploy', 'monitor', 'default', '--all');
  const beside = await run('decide', '--store', 'default', ...question);
  expect(beside.code).toBe(0);
  expect(beside.stderr).toContain(`a canary decides for 5 % by run: --bundle ${first.bundle.digest}`);
  expect(beside.stderr).toContain('default monitors policies');
  await run('deploy', 'monitor', 'default', '--off');
  await run('deploy', 'rollback', 'default');

  for (const [choice, message] of [
    [['--store', 'nowhere'], 'not_found: there is no store nowhere'],
    [['--store', 'default', '--bundle', bundles.first], 'give either --bundle'],
    [[], 'give either --bundle'],
    [['--bundle', `sha256:${'0'.repeat(64)}`], 'not_found'],
  ] as const) {
    const refused = await run('decide', ...choice, ...question);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(message);
  }
});

test('a store is made once, and listed', async () => {
  expect(await run('store', 'create', 'tenant-a')).toMatchObject({ code: 0 });
  expect(await run('store', 'create', 'tenant-a')).toMatchObject({
    code: 1,
    stderr: 'palisade: conflict: the store tenant-a exists\n',
  });
  expect(await run('store', 'create', 'Tenant A')).toMatchObject({ code: 1 });
  expect(await run('decide', '--store', 'tenant-a', '--principal', 'Agent::"a"')).toMatchObject({ code: 2 });
  expect((await run('store', 'list')).stdout).toMatch(/^STORE +SEQUENCE\ndefault +\d\ntenant-a +0$/m);
});

test('a credential is made, shown without its token, and refused once it is revoked', async () => {
  const rules = ['--principal', 'Agent::"it\'s \\u{41}"', '--principal', 'Bot'];
  const { id, token } = await json('token', 'create', 'cli-made', ...rules);
  expect(token).toMatch(/^pal_/);
  expect((await decide("it's A", token)).status).toBe(200);
  expect((await decide('another', token)).status).toBe(403);

  const listed = await run('token', 'list');
  expect(listed.stdout).toMatch(
    new RegExp(`^${id} +cli-made +runtime +default +Agent::"it's A" Bot +token +default +good$`, 'm'),
  );
  expect(listed.stdout).not.toContain(token);
  expect(await run('token', 'create', 'cli-made')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('revoke it first, or choose another name'),
  });

  expect(await run('token', 'revoke', id)).toMatchObject({ code: 0, stdout: `${id} is revoked.\n` });
  while ((await decide("it's A", token)).status !== 401);
  expect((await run('token', 'list')).stdout).toMatch(new RegExp(`^${id} .* revoked `, 'm'));
  expect(await run('token', 'revoke', 'unknown')).toMatchObject({ code: 1 });
});

test('a rate limit is shown where there is one', async () => {
  const { id } = await json('token', 'create', 'cli-bounded', '--rate', '50', '--burst', '200');

  expect((await run('token', 'list')).stdout).toMatch(
    new RegExp(`^${id} .* token +50/s, 200 at once +good$`, 'm'),
  );
  expect((await json('token', 'list')).credentials).toContainEqual(
    expect.objectContaining({ id, rate_limit: { rate_per_second: 50, burst: 200 } }),
  );
});

describe('the first admin', () => {
  const bootstrap = (databaseUrl?: string) =>
    palisade(['token', 'create', 'root', '--bootstrap', '--json'], {
      PALISADE_MIGRATE_DATABASE_URL: databaseUrl,
    });

  test('is not made where there is one, and then makes everything else', async () => {
    const { database } = world();
    expect(await bootstrap(database.ownerUrl)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('an admin credential exists'),
    });
    expect(await bootstrap()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('PALISADE_MIGRATE_DATABASE_URL is not set'),
    });
  });

  test('is made where there is none', async () => {
    const database = await createTestDatabase();
    try {
      const { code, stdout } = await bootstrap(database.ownerUrl);

      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        name: 'root',
        roles: ['author', 'reviewer', 'approver', 'operator', 'auditor', 'admin'],
        token: expect.stringMatching(/^pal_/),
      });
    } finally {
      await database.drop();
    }
  });
});

describe('the log', () => {
  test('is followed, searched, shown and proved whole', async () => {
    const tail = spawnPalisade(['log', 'tail', '--json'], env());
    const lines = createInterface({ input: tail.stdout ?? process.stdin });
    try {
      const seen = once(lines, 'line');
      const asking = setInterval(() => void decide('tailed'), 300);
      const record = JSON.parse(String((await seen)[0])) as { decision_id: string };
      clearInterval(asking);

      const { stdout: shown } = await run('log', 'show', record.decision_id);
      expect(JSON.parse(shown)).toMatchObject({ decision_id: record.decision_id, decision: 'allow' });
      const query = await run('log', 'query', '--principal', 'Agent::"tailed"', '--since', '1h', '--json');
      expect(
        query.stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line).principal.id),
      ).toContain('tailed');
      expect((await run('log', 'query', '--decision', 'deny')).stdout).toMatch(/^TIME +DECISION +WHY/);
      expect(await run('log', 'verify')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^\d+ records in \d+ chains, whole: no gap, no edit, no fork\.$/m),
      });
    } finally {
      tail.kill('SIGKILL');
    }
  });

  test.each([
    ['a decision that is none', ['query', '--decision', 'maybe'], 'decision'],
    ['a limit that is none', ['query', '--limit', '0'], 'limit'],
    ['a duration that is none', ['query', '--since', 'yesterday'], 'since'],
    ['an id that is unknown', ['show', '01890000-0000-7000-8000-000000000000'], 'not_found'],
  ])('refuses %s', async (_what, args, word) => {
    const { code, stderr } = await run('log', ...args);

    expect(code).toBe(1);
    expect(stderr).toContain(word);
  });

  test('ends quietly where its reader has seen enough', async () => {
    const child = spawn(
      'sh',
      ['-c', `"${process.execPath}" services/cli/palisade.js log query --json | head -n 0`],
      {
        env: { PATH: process.env['PATH'], ...env() },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let complaint = '';
    child.stderr.on('data', (chunk) => {
      complaint += String(chunk);
    });
    await once(child, 'close');

    expect(complaint).toBe('');
  });
});
