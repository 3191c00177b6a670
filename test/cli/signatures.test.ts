import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { ADMINISTRATIVE_ROLES } from '../../services/store/credentials.ts';
import { bundleFiles } from '../pdp/support/bundle.ts';
import { createCredential, createStore, uniqueName } from '../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../support/shared-world.ts';
import { type Ran, usePalisade } from './support/run.ts';

const palisade = usePalisade();
const STORE = uniqueName('signed');
const NAME = uniqueName('docs');
let folder: string;
let world: SharedWorld;
let digest = '';
const at = (name: string) => join(folder, name);
const run = (...args: string[]): Promise<Ran> => palisade(args);
const sign = (source: string, out: string, ...more: string[]) =>
  run('bundle', 'sign', source, '--store', STORE, '-o', at(out), ...more);

/** A bundle of its own, since the server that it is pushed to is everybody's. */
async function writeBundle(dir: string): Promise<void> {
  const files = new Map(bundleFiles());
  const manifest = Buffer.from(files.get('bundle.yaml') ?? '').toString('utf8');
  files.set('bundle.yaml', Buffer.from(manifest.replace('name: docs', `name: ${NAME}`)));
  await mkdir(dir);
  for (const [path, content] of files) await writeFile(join(dir, path), content);
  await writeFile(at('bundle.tgz'), writeArchive(files));
  digest = bundleDigest(files);
}

beforeAll(async () => {
  world = await sharedWorld();
  folder = await mkdtemp(join(tmpdir(), 'palisade-signing-'));
  await writeBundle(at('bundle'));
  for (const name of ['ada', 'grace']) {
    await run('keys', 'generate', '-o', at(`${name}.jwk`));
    await writeFile(at(`${name}.pub.jwk`), (await run('keys', 'public', at(`${name}.jwk`))).stdout);
  }
});
afterAll(() => rm(folder, { recursive: true }));

describe('keys', () => {
  test('are made for their owner alone, and never overwrite one', async () => {
    expect((await stat(at('ada.jwk'))).mode & 0o777).toBe(0o600);
    const made = await readFile(at('ada.jwk'), 'utf8');
    const again = await run('keys', 'generate', '-o', at('ada.jwk'));

    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('never overwritten') });
    expect(await readFile(at('ada.jwk'), 'utf8')).toBe(made);
  });

  test('show their public part, of a public one too, and nothing else', async () => {
    const { d, ...open } = JSON.parse(await readFile(at('ada.jwk'), 'utf8'));

    for (const file of ['ada.jwk', 'ada.pub.jwk']) {
      const { stdout } = await run('keys', 'public', at(file));
      expect(JSON.parse(stdout)).toEqual(open);
      expect(stdout).not.toContain(d);
    }
  });

  test.each([
    ['is not there', 'absent.jwk', /ENOENT/],
    ['is no key', 'bundle.tgz', /not JSON/],
    ['is a public one', 'ada.pub.jwk', /needs the private one/],
    ['others can read', 'open.jwk', /chmod 600/],
  ])('do not sign where the file %s', async (_what, file, reason) => {
    await writeFile(at('open.jwk'), await readFile(at('ada.jwk')));
    await chmod(at('open.jwk'), 0o640);
    const { code, stderr } = await sign(at('bundle.tgz'), 'never.sig', '--key', at(file));

    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
  });
});

describe('bundle sign and verify', () => {
  test.each([
    ['a folder', () => [at('bundle')]],
    ['an archive', () => [at('bundle.tgz')]],
    ['a digest with its name', () => [digest, '--name', NAME]],
  ])('sign %s and find it signed, without a server', async (_what, source) => {
    const [first = '', ...more] = source();
    const signed = await sign(first, 'one.sig', '--key', at('ada.jwk'), ...more, '--json');
    expect(JSON.parse(signed.stdout)).toMatchObject({ digest, bundle: NAME, store: STORE });

    for (const which of ['bundle', 'bundle.tgz']) {
      const verified = await run(
        'bundle',
        'verify',
        at(which),
        '--signature',
        at('one.sig'),
        '--key',
        at('ada.pub.jwk'),
        '--store',
        STORE,
      );
      expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('is signed by 1') });
    }
  });

  test.each<readonly [what: string, options: () => string[], reason: RegExp]>([
    ['by another key', () => ['--key', at('grace.pub.jwk')], /unknown_key/],
    ['for another store', () => ['--key', at('ada.pub.jwk'), '--store', 'other'], /foreign: .*not other/],
    [
      'by fewer keys than wanted',
      () => ['--key', at('ada.pub.jwk'), at('grace.pub.jwk'), '--threshold', '2'],
      /not signed by 2/,
    ],
  ])('exit with 1 for a bundle that is signed %s', async (_what, options, reason) => {
    await sign(at('bundle'), 'one.sig', '--key', at('ada.jwk'));
    const { code, stdout } = await run(
      'bundle',
      'verify',
      at('bundle'),
      '--signature',
      at('one.sig'),
      at('one.sig'),
      ...options(),
    );

    expect(code).toBe(1);
    expect(stdout).toMatch(reason);
  });

  test.each<readonly [what: string, args: () => string[], reason: RegExp]>([
    ['a digest without a name', () => [digest, '--store', STORE], /add --name/],
    [
      'a name that the bundle brings',
      () => [at('bundle'), '--store', STORE, '--name', 'x'],
      /--name goes with/,
    ],
    ['no store', () => [at('bundle')], /required option '--store/],
    ['a duration in words', () => [at('bundle'), '--store', STORE, '--expires', 'tomorrow'], /such as 90d/],
    ['no time at all', () => [at('bundle'), '--store', STORE, '--expires', '-1d'], /such as 90d/],
  ])('refuse %s as wrong usage', async (_what, args, reason) => {
    const { code, stderr } = await run('bundle', 'sign', ...args(), '--key', at('ada.jwk'));

    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
  });

  test('refuse a store that no server has, and write nothing', async () => {
    const refused = await run(
      'bundle',
      'sign',
      at('bundle'),
      '--store',
      'NO',
      '--key',
      at('ada.jwk'),
      '-o',
      at('no.sig'),
    );

    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('no store') });
    await expect(stat(at('no.sig'))).rejects.toThrow('ENOENT');
  });
});

test('two people have a store require their signatures, and a bundle with both is deployed', async () => {
  await createStore(world, STORE);
  const env = (token: string) => ({
    PALISADE_ADMIN_URL: `http://${world.addresses.admin}`,
    PALISADE_TOKEN: token,
  });
  const person = () => createCredential(world, { stores: [STORE], roles: ADMINISTRATIVE_ROLES });
  const [one, other] = [await person(), await person()];
  const asOne = (...args: string[]) => palisade(args, env(one));
  const asOther = (...args: string[]) => palisade(args, env(other));
  const requirement = ['store', 'require-signatures'];

  const proposed = await asOne(
    ...requirement,
    STORE,
    '--keys',
    at('ada.pub.jwk'),
    at('grace.pub.jwk'),
    '--threshold',
    '2',
    '--reason',
    'two reviewers',
  );
  expect(proposed).toMatchObject({ code: 0, stdout: expect.stringContaining('signatures by 2 of 2 keys') });
  const id = proposed.stdout.trim().split(' ').at(-1) ?? '';
  expect((await asOther(...requirement, 'show', STORE)).stdout).toMatch(/two reviewers/);
  expect(await asOne(...requirement, 'approve', STORE, id)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('somebody else'),
  });
  expect(await asOther(...requirement, 'approve', STORE, id)).toMatchObject({ code: 0 });

  for (const name of ['ada', 'grace']) await sign(at('bundle'), `${name}.sig`, '--key', at(`${name}.jwk`));
  const pushed = await asOne('bundle', 'push', at('bundle'), '--signature', at('ada.sig'));
  expect(pushed.stdout).toMatch(/is stored: sha256:.*\nsignature for the store .* is stored\n/);
  const refused = await asOne('deploy', 'activate', STORE, digest);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/2 of 2 keys.* has 1\. Missing/) });

  const more = await asOther('bundle', 'push', digest, '--signature', at('ada.sig'), at('grace.sig'));
  expect(more.stdout).toMatch(/was stored already\n.*is stored\n/);
  expect(await asOne('deploy', 'activate', STORE, digest)).toMatchObject({ code: 0 });
  expect((await asOther('bundle', 'signatures', digest)).stdout.match(/ valid /g)).toHaveLength(2);
  expect((await asOther(...requirement, 'show', STORE)).stdout).toMatch(/which is signed so until/);

  const lower = await asOther(...requirement, STORE, '--none', '--json');
  expect(await asOther(...requirement, 'reject', STORE, JSON.parse(lower.stdout).id)).toMatchObject({
    code: 0,
  });
});

test.each([
  ['a digest without a signature', ['bundle', 'push', `sha256:${'0'.repeat(64)}`], 2, /--signature/],
  ['no keys', ['store', 'require-signatures', 'x'], 2, /--keys and --threshold, or --none/],
  [
    'keys and none',
    ['store', 'require-signatures', 'x', '--none', '--threshold', '1'],
    2,
    /cannot be used with/,
  ],
  ['a threshold of none', ['store', 'require-signatures', 'x', '--threshold', '0'], 2, /number of keys/],
])('%s is wrong usage', async (_what, args, code, reason) => {
  const ran = await palisade(args, {
    PALISADE_ADMIN_URL: 'http://127.0.0.1:1',
    PALISADE_TOKEN: world.adminToken,
  });

  expect(ran.code).toBe(code);
  expect(ran.stderr).toMatch(reason);
});
