import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBundleDirectory } from '../../services/bundles/files.ts';
import { filesOf } from './files-of.ts';

async function inBundle<T>(run: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'palisade-'));
  try {
    await mkdir(join(directory, 'tests'));
    for (const [path, content] of filesOf()) await writeFile(join(directory, path), content);

    return await run(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('readBundleDirectory', () => {
  test('reads exactly the files of a bundle', async () => {
    await inBundle(async (directory) => {
      const { files, problems } = await readBundleDirectory(directory);

      expect(problems).toEqual([]);
      expect(new Map([...files].sort())).toEqual(
        new Map([...filesOf()].map(([path, bytes]) => [path, new Uint8Array(bytes)] as const).sort()),
      );
    });
  });

  test('leaves out README.md, LICENSE and hidden files', async () => {
    await inBundle(async (directory) => {
      for (const name of ['README.md', 'LICENSE', '.gitignore', '.hidden.cedar'])
        await writeFile(join(directory, name), 'x');
      const { files, problems } = await readBundleDirectory(directory);

      expect(problems).toEqual([]);
      expect(files.size).toBe(filesOf().size);
    });
  });

  test.each([
    ['a stray file', 'notes.txt', /does not belong/],
    ['an upper-case name', 'Extra.cedar', /a-z/],
    ['a name that is not ASCII', 'é.cedar', /a-z/],
    ['a policy among the tests', 'tests/a.cedar', /does not belong/],
    ['YAML with the other ending', 'tests/a.yml', /does not belong/],
    ['a long name', `${'a'.repeat(100)}.cedar`, /longer/],
  ])('refuses %s', async (_what, path, message) => {
    await inBundle(async (directory) => {
      await writeFile(join(directory, path), '');
      const { problems } = await readBundleDirectory(directory);

      expect(problems).toMatchObject([{ code: 'file_refused', file: path }]);
      expect(problems[0]?.message).toMatch(message);
    });
  });

  test('follows no link', async () => {
    await inBundle(async (directory) => {
      await symlink('/etc/passwd', join(directory, 'extra.cedar'));
      const { files, problems } = await readBundleDirectory(directory);

      expect(problems).toMatchObject([{ code: 'file_refused', file: 'extra.cedar' }]);
      expect(files.has('extra.cedar')).toBe(false);
    });
  });

  test('follows no link in the place of tests', async () => {
    await inBundle(async (directory) => {
      await rm(join(directory, 'tests'), { recursive: true });
      await symlink('/etc', join(directory, 'tests'));
      const { problems } = await readBundleDirectory(directory);

      expect(problems).toMatchObject([{ code: 'file_refused', file: 'tests' }]);
    });
  });

  test('does not wait for a pipe', async () => {
    await inBundle(async (directory) => {
      execFileSync('mkfifo', [join(directory, 'extra.cedar')]);
      const { problems } = await readBundleDirectory(directory);

      expect(problems).toMatchObject([{ code: 'file_refused', file: 'extra.cedar' }]);
    });
  });

  test('refuses a folder in the place of a file, and any other folder', async () => {
    await inBundle(async (directory) => {
      await mkdir(join(directory, 'extra.cedar'));
      await mkdir(join(directory, 'more'));
      const { problems } = await readBundleDirectory(directory);

      expect(problems.map(({ file }) => file)).toEqual(['extra.cedar', 'more']);
    });
  });

  test('says that there is no such folder', async () => {
    await expect(readBundleDirectory('/nowhere/at/all')).rejects.toMatchObject({ code: 'not_found' });
  });
});
