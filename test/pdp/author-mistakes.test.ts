import { request } from 'node:http';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { filesOf, validFile } from '../bundles/files-of.ts';
import { administer, createStore, deploy, pushBundle, uniqueName } from '../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../support/shared-world.ts';

const store = uniqueName('mistakes');
const name = uniqueName('mistaken');
const manifest = (version: string) =>
  validFile('bundle.yaml').replace('name: receipts', `name: ${name}`).replace('1.0.0', version);
let world: SharedWorld;

beforeAll(async () => {
  world = await sharedWorld();
  await createStore(world, store);
});

/** Versions of the bundle that are stored, among the newest of all bundles. */
async function stored(): Promise<readonly unknown[]> {
  const { body } = await administer(world, 'GET', '/v1/bundles?limit=100');
  const bundles = body['bundles'] as { readonly name: string; readonly version: string }[];

  return bundles.flatMap((bundle) => (bundle.name === name ? [bundle.version] : []));
}

describe('an upload', () => {
  test.each<readonly [string, Readonly<Record<string, string | undefined>>, object]>([
    [
      'whose manifest has an unknown key',
      { 'bundle.yaml': `${manifest('0.1.0')}ownerz: [me]\n` },
      { file: 'bundle.yaml', message: expect.stringContaining('ownerz') },
    ],
    [
      'with a test file that holds no test',
      { 'bundle.yaml': manifest('0.2.0'), 'tests/view.yaml': 'just: text\n' },
      { file: 'tests/view.yaml' },
    ],
    [
      'with one id in two files',
      {
        'bundle.yaml': manifest('0.3.0'),
        'more.cedar': '@id("staff-view")\npermit(principal, action == Action::"edit", resource);\n',
      },
      { message: expect.stringContaining('staff-view') },
    ],
  ])('%s is refused by file and place, and not stored', async (_what, changes, problem) => {
    const { status, body } = await pushBundle(world, filesOf(changes));

    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: 'invalid_request',
      problems: expect.arrayContaining([expect.objectContaining(problem)]),
    });
    expect(await stored()).toEqual([]);
  });

  test('of half an archive is refused, and not stored', async () => {
    const archive = writeArchive(filesOf({ 'bundle.yaml': manifest('0.4.0') }));
    const response = await fetch(`http://${world.addresses.admin}/v1/bundles`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/gzip' },
      body: Buffer.from(archive.subarray(0, archive.length >> 1)),
    });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'invalid_request',
      detail: expect.stringContaining('archive'),
    });
    expect(await stored()).toEqual([]);
  });

  test('that ends before all of it has come is not stored, and the next one is', async () => {
    const archive = writeArchive(filesOf({ 'bundle.yaml': manifest('0.5.0') }));
    const { hostname, port } = new URL(`http://${world.addresses.admin}`);
    const upload = request({
      ...{ hostname, port, method: 'POST', path: '/v1/bundles' },
      headers: {
        authorization: `Bearer ${world.adminToken}`,
        'content-type': 'application/gzip',
        'content-length': archive.length,
      },
    });
    const closed = new Promise((resolve) => upload.on('error', resolve));
    upload.write(archive.subarray(0, archive.length >> 1));
    setTimeout(() => upload.destroy(), 50);
    await closed;
    expect(await stored()).toEqual([]);

    expect(await pushBundle(world, filesOf({ 'bundle.yaml': manifest('0.5.0') }))).toMatchObject({
      status: 201,
    });
    expect(await stored()).toEqual(['0.5.0']);
  });
});

test('of two people who deploy at once, by what they both saw, one is told that the other was first', async () => {
  const digest = await deploy(world, store, filesOf({ 'bundle.yaml': manifest('1.0.0') }));
  const others = await Promise.all(
    ['1.1.0', '1.2.0'].map(async (version) => {
      const { body } = await pushBundle(world, filesOf({ 'bundle.yaml': manifest(version) }));

      return String(body['digest']);
    }),
  );
  const path = `/v1/stores/${store}/deployment`;
  const answers = await Promise.all(
    others.map((other) => administer(world, 'PUT', path, { digest: other, expected_sequence: 1 })),
  );
  const [lost] = answers.filter(({ status }) => status !== 200);

  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(lost?.body).toMatchObject({ code: 'conflict', field: 'expected_sequence' });
  const won = others[answers.findIndex(({ status }) => status === 200)];
  await vi.waitFor(async () => {
    const { body } = await administer(world, 'GET', path);
    expect(body).toMatchObject({ active: { sequence: 2n, bundle: { digest: won } } });
  });
  expect(won).not.toBe(digest);
});
