import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadSystemBundle } from '../../services/pdp/admin/system-bundle.ts';
import { copyRepository } from '../docs/shell.ts';
import { withWorld } from '../support/server.ts';

/** Loads a copy of the built-in bundle once `tamper` has been at it. */
async function loadTampered(tamper: (folder: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'palisade-system-'));
  try {
    await cp('policies/system', folder, { recursive: true });
    await tamper(folder);

    return await loadSystemBundle(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Replaces a text that stands in a file. */
const replacing = (file: string, from: string, to: string) => async (folder: string) => {
  const text = await readFile(join(folder, file), 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  await writeFile(join(folder, file), text.replace(from, to));
};

test('as it is, it loads, and says by which bytes', async () => {
  const { ref } = await loadTampered(() => Promise.resolve());

  expect(ref).toMatchObject({ name: 'system', digest: (await loadSystemBundle()).ref.digest });
});

test.each([
  ['the bundle is gone', (folder: string) => rm(join(folder, 'bundle.yaml'))],
  ['the forbids are gone', (folder: string) => rm(join(folder, 'limits.cedar'))],
  [
    'a role has been given more',
    replacing(
      'roles.cedar',
      '@id("authors")',
      '@id("more") permit (principal, action, resource);\n@id("authors")',
    ),
  ],
  ['a comment is another', replacing('roles.cedar', '@id("authors")', '// Changed.\n@id("authors")')],
  ['a file is there that no bundle has', (folder: string) => writeFile(join(folder, 'Own.cedar'), '')],
])('nothing is administered where %s', async (_what, tamper) => {
  await expect(loadTampered(tamper)).rejects.toMatchObject({
    code: 'internal',
    message: expect.stringContaining('the built-in bundle system is not in order: '),
  });
});

test('a server does not start on one that is not in order', async () => {
  await withWorld(async (world) => {
    const installation = await copyRepository(join(world.home, 'installation'));
    await rm(join(installation, 'policies/system/limits.cedar'));

    await expect(world.serve({}, installation)).rejects.toThrow(
      /ended with [1-9]\d*:[\s\S]*the built-in bundle system is not in order/,
    );
  });
});
