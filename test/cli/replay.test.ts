import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import type { BundleFiles } from '../../services/bundles/files.ts';
import { createKeyring } from '../../services/ledger/keyring.ts';
import type { ServerProcess } from '../support/server.ts';
import { useWorld } from '../support/use-world.ts';
import { CANDIDATE, ERRORS, expectedFlips, REQUESTS, UNPUSHED } from './support/replayed-log.ts';
import { replayedWorld } from './support/replayed-world.ts';
import { type Ran, usePalisade } from './support/run.ts';

const palisade = usePalisade();
const world = useWorld(replayedWorld);
/** A replay starts threads, and on a machine with other work each takes its time. */
const PATIENT_MS = 30_000;
let folder: string;
const folders = { unpushed: '', broken: '' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palisade-replay-'));
  folders.unpushed = await writeBundle('unpushed', UNPUSHED);
  folders.broken = await writeBundle(
    'broken',
    new Map([...CANDIDATE, ['policies.cedar', Buffer.from('permit(')]]),
  );
});
afterAll(async () => {
  await world()?.owner.end();
  await rm(folder, { recursive: true });
});

async function writeBundle(name: string, files: BundleFiles): Promise<string> {
  const dir = join(folder, name);
  await mkdir(dir);
  for (const [path, content] of files) await writeFile(join(dir, path), content);

  return dir;
}

function run(args: readonly string[], server: ServerProcess = world().server): Promise<Ran> {
  return palisade(['replay', '--store', 'default', ...args], {
    PALISADE_TOKEN: world().adminToken,
    PALISADE_ADMIN_URL: `http://${server.addresses.admin}`,
  });
}

async function json(...args: string[]) {
  const { code, stdout, stderr } = await run([...args, '--json']);

  return { code, stderr, report: JSON.parse(stdout) };
}

describe('replaying by a candidate', () => {
  test('finds exactly the decisions that flip, by the policies that flip them', async () => {
    const { code, report } = await json('--bundle', world().digests.candidate);
    const { otherwise, ...flips } = expectedFlips();

    expect(code).toBe(0);
    expect(report).toMatchObject({
      kind: 'candidate',
      store: 'default',
      from: null,
      bundle: { name: 'replayed', version: '2.0.0' },
      evaluator: 'compiled',
      read: 2 * (REQUESTS + ERRORS),
      replayed: 2 * REQUESTS,
      unreplayed: { not_decided: 2 * ERRORS, input_erased: 0, key_missing: 0 },
      flips: { ...flips, from_policy_error: 0, to_error: 0 },
      otherwise_decided: otherwise,
      ungrouped: 0,
    });
    expect(
      report.groups.map(({ from, to, before, after }: Record<string, { policies: string[] }>) => [
        `${from} ${to}`,
        before?.policies,
        after?.policies,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ['allow deny', ['anything'], ['no-large']],
        ['deny allow', ['no-secrets'], ['anything']],
        ['allow policy_error', ['anything'], ['may-fail']],
      ]),
    );
    const sum = report.groups.reduce((all: number, { count }: { count: number }) => all + count, 0);
    expect(sum).toBe(flips.all);
    const [{ examples }] = report.groups;
    expect(examples).toHaveLength(5);
    expect(examples[0]).toMatchObject({
      resource: 'Doc::"d"',
      disclosed: { 'input.label': expect.any(String) },
    });
    expect(JSON.stringify(report)).not.toContain('input.size');
  });

  test('takes a folder, checks it, and stores nothing of it', async () => {
    const { code, report } = await json(
      '--bundle',
      folders.unpushed,
      '--limit',
      String(REQUESTS),
      '--fail-on',
      'flips>90%',
    );
    const { rowCount } = await world().owner.query(`select from bundles where version = '4.0.0'`);

    expect([code, rowCount]).toEqual([0, 0]);
    // It is the second bundle again, which decided the newest.
    expect(report).toMatchObject({ bundle: { version: '4.0.0' }, read: REQUESTS, flips: { all: 0 } });
  });

  test('tells apart what the candidate cannot decide at all, with hostile names harmless, and exits by its rules', async () => {
    const page = join(folder, 'flips.html');
    const rules = ['--fail-on', 'flips>50%', '--fail-on', 'to-error>=5%', '--fail-on', 'replayed<1'];
    const { code, stdout, stderr } = await run([
      '--bundle',
      world().digests.withoutWrite,
      '--html',
      page,
      ...rules,
    ]);
    const html = await readFile(page, 'utf8');
    const writes = 2 * (REQUESTS / 20);

    expect([code, stderr]).toEqual([1, 'palisade: to-error>=5%\n']);
    expect(stdout).toMatch(/^FLIP +COUNT +RATE +NOW BY +BEFORE BY$/m);
    expect(stdout).toMatch(
      new RegExp(`^allow → error +${writes} +5% +invalid_request: action .+ permitted: anything$`, 'm'),
    );
    expect(stdout).toContain('\\u001b[2J</td><script>');
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(html).toContain('[2J&#60;/td&#62;&#60;script&#62;');
    expect(html).not.toContain('<script');
    expect(html).toContain('to-error&#62;=5%');
  });

  test('reads nothing of another time', async () => {
    const { report } = await json('--verify', '--since', '2d', '--until', '1d');

    expect(report).toMatchObject({ read: 0, replayed: 0, differing: 0 });
  });
});

describe('wrong usage', () => {
  test.each<[string, string[]]>([
    ['neither a bundle nor --verify', []],
    ['both', ['--bundle', 'x', '--verify']],
    ['a rule that is none', ['--verify', '--fail-on', 'differences']],
    ['a rule that counts something else', ['--verify', '--fail-on', 'flips>0']],
    ['a bundle that is not there', ['--bundle', '/absent']],
    ['two forms of the report', ['--verify', '--json', '--html', 'x']],
  ])('%s exits with 2', async (_what, args) => {
    expect((await run(args)).code).toBe(2);
  });

  test.each<[string, string[], string]>([
    ['a duration that is none', ['--verify', '--since', 'yesterday'], 'since is a duration such as 7d'],
    ['a range that is empty', ['--verify', '--since', '1h', '--until', '2h'], 'since must lie further back'],
    ['a limit that is none', ['--verify', '--limit', '0'], 'limit'],
    ['a digest that is none', ['--bundle', 'sha256:abc'], 'a digest is sha256'],
    ['a bundle that was not pushed', ['--bundle', `sha256:${'0'.repeat(64)}`], 'not_found'],
  ])('%s is refused with what is wrong', async (_what, args, message) => {
    const { code, stderr } = await run(args);

    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  test('a bundle with problems is refused with all of them, here and there', async () => {
    const { code, stderr } = await run(['--bundle', folders.broken]);
    expect(code).toBe(1);
    expect(stderr).toContain('policies.cedar');

    const broken = writeArchive(new Map([...CANDIDATE, ['policies.cedar', Buffer.from('permit(')]]));
    const response = await post('/v1/stores/default/replay', { body: broken });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'invalid_request', report: expect.any(String) });
  });
});

describe('access', () => {
  test('another store is not found, nor one that does not exist', async () => {
    for (const path of ['/replay', '/replay/verification']) {
      const foreign = await post(`/v1/stores/default${path}`, { token: world().foreign });
      expect([foreign.status, await foreign.json()]).toMatchObject([404, { code: 'not_found' }]);
      expect((await post(`/v1/stores/absent${path}`)).status).toBe(404);
    }
  });

  test('a body beside a digest is refused', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;

    expect(
      (await post(`/v1/stores/default/replay?digest=${digest}`, { body: Buffer.from('x') })).status,
    ).toBe(400);
    expect((await post('/v1/stores/default/replay/verification', { body: Buffer.from('x') })).status).toBe(
      400,
    );
  });
});

test(
  'one replay runs at a time, and one whose client went away makes room',
  async () => {
    const locking = await world().owner.connect();
    await locking.query('begin');
    // Whoever reads the log now waits.
    await locking.query('lock table decisions in access exclusive mode');
    const leaving = new AbortController();
    try {
      const first = await post('/v1/stores/default/replay/verification', { signal: leaving.signal });
      expect(first.headers.get('content-type')).toBe('application/x-ndjson');
      const refused = await post('/v1/stores/default/replay/verification');
      expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'overloaded' }]);
      expect((await run(['--verify'])).stderr).toContain('a replay is running already');

      leaving.abort();
      await vi.waitFor(async () => {
        const next = await post('/v1/stores/default/replay/verification');
        await next.body?.cancel();
        expect(next.status).toBe(200);
      }, PATIENT_MS);
    } finally {
      await locking.query('rollback');
      locking.release();
    }
    await vi.waitFor(async () => expect((await run(['--verify'])).code).toBe(0), PATIENT_MS);
  },
  2 * PATIENT_MS,
);

test(
  'a candidate that never arrives holds the place no longer than its connection',
  async () => {
    const upload = request(`${adminUrl()}/v1/stores/default/replay`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${world().adminToken}`,
        'content-type': 'application/gzip',
        'content-length': 99,
      },
    });
    upload.on('error', () => undefined);
    upload.write('x');
    await vi.waitFor(async () =>
      expect((await post('/v1/stores/default/replay/verification')).status).toBe(429),
    );
    upload.destroy();

    await vi.waitFor(async () => expect((await run(['--verify'])).code).toBe(0), PATIENT_MS);
  },
  2 * PATIENT_MS,
);

describe('verifying', () => {
  test('finds every record as its bundle decides it', async () => {
    const { code, report } = await json('--verify', '--since', '1d');

    expect(code).toBe(0);
    expect(report).toMatchObject({
      kind: 'verification',
      replayed: 2 * REQUESTS,
      differing: 0,
      differences: [],
      unreplayed: { not_decided: 2 * ERRORS, bundle_missing: 0, other_evaluator: 0 },
    });
  });

  test('shares a long log between two threads, and reads each record once', async () => {
    const { owner } = world();
    const { rowCount: more } = await owner.query(
      `insert into decisions (decision_id, kind, time, store, subject, reason_code, trace_id, process_id, boot_id, seq, record)
       select (left(decision_id::text, 24) || lpad(to_hex(number), 12, '0'))::uuid,
              kind, time, store, subject, reason_code, trace_id, process_id, boot_id, seq, record
       from (select * from decisions where kind = 'error' limit 1) error, generate_series(1, 10000) number`,
    );
    const { code, report } = await json('--verify');
    await owner.query("delete from decisions where right(decision_id::text, 12) < '000000010000'");

    expect([code, more]).toEqual([0, 10_000]);
    expect(report).toMatchObject({
      read: 10_000 + 2 * (REQUESTS + ERRORS),
      replayed: 2 * REQUESTS,
      differing: 0,
      unreplayed: { not_decided: 10_000 + 2 * ERRORS },
    });
  });

  test('lists what differs, and counts apart what was erased, what another version decided, and a bundle that is gone', async () => {
    const { owner } = world();
    /** Of the decisions that were permitted, those from `offset` on. */
    const rewrite = (text: string, offset: number, count: number) =>
      owner.query(
        `update decisions set record = ${text} where decision_id in
         (select decision_id from decisions where reason_code = 'permitted' and kind = 'decision' order by decision_id offset ${offset} limit ${count})`,
      );
    await rewrite(`replace(record, '"cedar_version":"4', '"cedar_version":"3')`, 0, 2);
    await rewrite(`regexp_replace(record, '"digest":"sha256:[0-9a-f]{4}', '"digest":"sha256:0000')`, 10, 4);
    await rewrite(`regexp_replace(record, '"run_id":"run-\\d+"', '"run_id":"other"')`, 20, 1);
    await rewrite(`replace(record, '"determining":["anything"]', '"determining":["x"]')`, 21, 1);
    await owner.query(
      `delete from decision_inputs where decision_id in
       (select decision_id from decisions where reason_code = 'permitted' and kind = 'decision' order by decision_id offset 30 limit 5)`,
    );

    const { code, report } = await json('--verify');
    expect(code).toBe(1);
    expect(report).toMatchObject({
      differing: 2,
      replayed: 2 * REQUESTS - 11,
      unreplayed: { other_evaluator: 2, bundle_missing: 4, input_erased: 5 },
    });
    expect(report.differences.map(({ members }: { members: unknown }) => members)).toEqual([
      [{ member: 'determining', recorded: '["x"]', replayed: '["anything"]' }],
      [{ member: 'request_digest', recorded: expect.any(String), replayed: expect.any(String) }],
    ]);
    // A candidate does not care who decided.
    expect((await json('--bundle', world().digests.candidate)).report).toMatchObject({
      replayed: 2 * REQUESTS - 5,
      unreplayed: { input_erased: 5, other_evaluator: 0 },
    });
  });

  test('says that the key is missing where the server has another keyring', async () => {
    const keyring = join(folder, 'other-keyring.json');
    await createKeyring(keyring);
    const server = await world().serve({ PALISADE_KEYRING_FILE: keyring });
    const { code, stdout } = await run(['--verify', '--json'], server);
    await server.stop();

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      replayed: 0,
      unreplayed: { key_missing: 2 * REQUESTS - 5 },
    });
  });
});

function adminUrl(): string {
  return `http://${world().server.addresses.admin}`;
}

function post(
  path: string,
  {
    body,
    token = world().adminToken,
    signal,
  }: { readonly body?: Uint8Array; readonly token?: string; readonly signal?: AbortSignal } = {},
): Promise<Response> {
  return fetch(`${adminUrl()}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/gzip' }),
    },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
}
