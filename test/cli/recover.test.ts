import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readRecord } from '../../services/ledger/record.ts';
import { ADMINISTRATIVE_ROLES } from '../../services/store/credentials.ts';
import { createTestDatabase, runAsAdmin, type TestDatabase } from '../support/postgres.ts';
import { useWorld } from '../support/use-world.ts';
import { palisade as palisadeProcess, type Ran, usePalisade } from './support/run.ts';

const palisade = usePalisade();
const world = useWorld(async (made) => ({ ...made, server: await made.serve() }));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palisade-recover-'));
});
afterAll(() => rm(folder, { recursive: true }));

const recoverIn = (databaseUrl: string | undefined, ...args: string[]): Promise<Ran> =>
  palisade(['recover', ...args], { PALISADE_MIGRATE_DATABASE_URL: databaseUrl });
const recover = (...args: string[]): Promise<Ran> => recoverIn(world().database.ownerUrl, ...args);

async function withEmptyHanded(body: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await createTestDatabase();
  try {
    await body(database);
  } finally {
    await database.drop();
  }
}

/** What the running server answers to a call of administration by this token. */
async function statusOf(token: string): Promise<number> {
  const { status } = await fetch(`http://${world().server.addresses.admin}/v1/credentials`, {
    headers: { authorization: `Bearer ${token}` },
  });

  return status;
}

async function reaches(token: string, status: number): Promise<void> {
  await vi.waitFor(async () => expect(await statusOf(token)).toBe(status), { timeout: 5_000, interval: 25 });
}

function administer(token: string, ...args: string[]): Promise<Ran> {
  const { server } = world();

  return palisade(args, { PALISADE_TOKEN: token, PALISADE_ADMIN_URL: `http://${server.addresses.admin}` });
}

const credentials = (database: TestDatabase): Promise<Ran> =>
  recoverIn(database.ownerUrl, 'probe', '--reason', 'who is there');

describe('where an admin credential is good', () => {
  test('is refused, and names it', async () => {
    const { adminToken } = world();
    const { code, stdout, stderr } = await recover('ada', '--reason', 'lost');

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /neither revoked nor expired: test-admin \([0-9a-f]{16}\)\nUse it, or add --force/,
    );
    expect(await statusOf(adminToken)).toBe(200);
  });

  test('by force makes one that running servers take, beside the others, and records it', async () => {
    const made = await recover('forced', '--reason', 'the token was in a notebook', '--force');

    expect(made).toMatchObject({ code: 0, stderr: '' });
    const token = made.stdout.trim().split('\n').at(-1) ?? '';
    expect(token).toMatch(/^pal_/);
    await reaches(token, 200);
    expect(await statusOf(world().adminToken)).toBe(200);

    const shown = /palisade (?<line>log show \S+)/.exec(made.stdout)?.groups?.['line'] ?? '';
    const record = readRecord((await administer(token, ...shown.split(' '), '--json')).stdout);
    expect(record).toMatchObject({
      kind: 'change',
      action: 'recover',
      author: 'palisade recover',
      credential: { id: null, subject: 'palisade recover' },
      reason: 'the token was in a notebook',
      store: null,
      admin: {
        credential: { id: token.slice(4, 20), name: 'forced' },
        database_role: new URL(world().database.ownerUrl).username,
        good_before: [{ name: 'test-admin' }],
        revoked: [],
      },
      process: { process_id: 'palisade-owner', seq: 0n },
    });
    const found = await administer(token, 'log', 'query', '--subject', 'palisade recover');
    expect(found.stdout).toMatch(/change +palisade recover: the token was in a notebook .* recover /);
    expect(await administer(token, 'log', 'verify')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('whole: no gap, no edit, no fork.'),
    });
  });

  test("with --revoke-others ends those that running servers took, and a certificate's, and leaves the rest", async () => {
    const { credential, adminToken, runtimeToken } = world();
    const roles = ADMINISTRATIVE_ROLES;
    const stolen = await credential({ name: 'stolen', roles, stores: ['*'] });
    const certificateSan = 'URI:spiffe://example.org/admin';
    await credential({ name: 'by-certificate', roles, stores: ['*'], secretHash: null, certificateSan });
    const operator = await credential({ name: 'operator', roles: ['operator'], stores: ['*'] });
    await reaches(stolen, 200);

    const made = await recover(
      ...['ada', '--reason', 'a laptop was stolen', '--force', '--revoke-others', '--json'],
    );
    const { id, token, revoked, record_id } = JSON.parse(made.stdout);
    expect(revoked.map(({ name }: { name: string }) => name).sort()).toEqual([
      'by-certificate',
      'forced',
      'stolen',
      'test-admin',
    ]);
    await reaches(token, 200);
    await reaches(stolen, 401);
    await reaches(adminToken, 401);
    // It lives, and may not ask this.
    expect(await statusOf(operator)).toBe(403);
    expect(await statusOf(runtimeToken)).toBe(403);

    const { stdout } = await administer(token, 'log', 'show', record_id, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      admin: { credential: { id, name: 'ada' }, revoked },
      process: { seq: 1 },
    });
    expect((await administer(token, 'log', 'verify')).code).toBe(0);
    const listed = await administer(token, 'token', 'list', '--json');
    expect(JSON.parse(listed.stdout).credentials.find((one: { id: string }) => one.id === id)).toMatchObject({
      created_by: 'palisade recover',
      roles,
    });
  });
});

describe('where none is good', () => {
  test('writes the token to a new file that nobody else reads, and prints it nowhere', async () => {
    await withEmptyHanded(async ({ ownerUrl }) => {
      const file = join(folder, 'admin.token');
      const args = ['ada', '--reason', 'lost', '--token-file', file, '--json'];
      const { code, stdout } = await recoverIn(ownerUrl, ...args);

      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ name: 'ada', token_file: file, revoked: [] });
      expect(stdout).not.toContain('pal_');
      expect(await readFile(file, 'utf8')).toMatch(/^pal_[a-z0-9]{16}_[A-Za-z0-9_-]{43}\n$/);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    });
  });

  test('makes none where the token cannot be kept', async () => {
    await withEmptyHanded(async (database) => {
      const file = join(folder, 'taken.token');
      await writeFile(file, 'somebody else\n');
      const kept = ['--reason', 'lost', '--token-file', file];

      expect(await recoverIn(database.ownerUrl, 'ada', ...kept)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('EEXIST'),
      });
      expect(await readFile(file, 'utf8')).toBe('somebody else\n');
      expect(await credentials(database)).toMatchObject({ code: 0 });
    });
  });

  test('makes none where it cannot be recorded', async () => {
    await withEmptyHanded(async (database) => {
      await runAsAdmin(database.ownerUrl, `alter table decisions add check (kind <> 'change')`);
      expect(await recoverIn(database.ownerUrl, 'ada', '--reason', 'lost')).toMatchObject({
        code: 1,
        stdout: '',
      });
      const bootstrapped = await palisade(['token', 'create', 'ada', '--bootstrap'], {
        PALISADE_MIGRATE_DATABASE_URL: database.ownerUrl,
      });
      expect(bootstrapped).toMatchObject({ code: 1, stdout: '' });

      await runAsAdmin(database.ownerUrl, 'alter table decisions drop constraint decisions_kind_check');
      expect(await credentials(database)).toMatchObject({ code: 0 });
    });
  });

  test('says that it does not know, where the connection breaks at the commit', async () => {
    await withEmptyHanded(async ({ ownerUrl }) => {
      await runAsAdmin(
        ownerUrl,
        `create function hang_up() returns trigger language plpgsql as
           'begin perform pg_terminate_backend(pg_backend_pid()); return null; end';
         create constraint trigger hang_up after insert on credentials deferrable initially deferred
           for each row execute function hang_up()`,
      );

      expect(await recoverIn(ownerUrl, 'ada', '--reason', 'lost')).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(
          /did not confirm the credential ada \([0-9a-f]{16}\): whether it was made/,
        ),
      });
    });
  });

  test('of commands at the same moment, bootstrap and recover alike, one makes an admin', async () => {
    await withEmptyHanded(async ({ ownerUrl }) => {
      const env = { PALISADE_MIGRATE_DATABASE_URL: ownerUrl };
      const ran = await Promise.all([
        palisadeProcess(['token', 'create', 'first', '--bootstrap'], env),
        palisadeProcess(['recover', 'second', '--reason', 'lost'], env),
        palisadeProcess(['recover', 'third', '--reason', 'lost'], env),
      ]);

      expect(ran.map(({ code }) => code).sort()).toEqual([0, 1, 1]);
      for (const { code, stderr } of ran) {
        if (code !== 0) expect(stderr).toMatch(/an admin credential exists .*: (first|second|third) \(/);
      }
    });
  });
});

describe('is refused, and says what to do,', () => {
  test('with the serving role, also by force', async () => {
    const { servingUrl } = world().database;

    expect(await recoverIn(servingUrl, 'ada', '--reason', 'lost', '--force')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^palisade: permission_denied: .*the role that runs palisade migrate/),
    });
  });

  test('where no database answers', async () => {
    expect(await recoverIn('postgres://owner@127.0.0.1:1/palisade', 'ada', '--reason', 'lost')).toMatchObject(
      {
        code: 1,
        stderr: expect.stringMatching(
          /no database answers at PALISADE_MIGRATE_DATABASE_URL; nothing was changed\. .*ECONNREFUSED/,
        ),
      },
    );
  });

  test('where the database is not migrated', async () => {
    const database = await createTestDatabase({ empty: true });
    try {
      expect(await recoverIn(database.ownerUrl, 'ada', '--reason', 'lost')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('not migrated: run palisade migrate'),
      });
    } finally {
      await database.drop();
    }
  });

  test('with a name that no credential may have', async () => {
    expect(await recover('two words', '--reason', 'lost', '--force')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('invalid_request: the name is letters, digits and'),
    });
  });

  test.each([
    ['no reason', ['ada'], 'required option'],
    ['a blank reason', ['ada', '--reason', ' '], 'must say something'],
    ['no name', ['--reason', 'lost'], "missing required argument 'name'"],
  ])('with %s', async (_what, args, message) => {
    expect(await recover(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  test('without the URL of the migration role', async () => {
    expect(await recoverIn(undefined, 'ada', '--reason', 'lost')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('PALISADE_MIGRATE_DATABASE_URL is not set'),
    });
  });
});
