import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { replaceFile } from '../../services/cli/replace-file.ts';
import { lintFiles } from '../bundles/lint-files.ts';
import { usePalisade } from './support/run.ts';

const palisade = usePalisade();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palisade-authoring-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function bundleFolder(name: string, policies: string): Promise<string> {
  const dir = join(folder, name);
  await mkdir(dir);
  for (const [path, content] of lintFiles({ policies })) await writeFile(join(dir, path), content);

  return dir;
}

describe('bundle init', () => {
  test('lists its templates', async () => {
    const { code, stdout } = await palisade(['bundle', 'init', '--list', '--json']);
    const { templates } = JSON.parse(stdout) as { templates: { name: string; description: string }[] };

    expect(code).toBe(0);
    expect(templates.map(({ name }) => name)).toEqual(['minimal', ...(await readdir('policies')).sort()]);
    for (const { description } of templates) expect(description).not.toBe('');
  });

  test.each([
    'minimal',
    'coding-agent',
    'receipts',
    'shared-context',
    'trading-advisory',
    'trading-execution',
  ])('makes a bundle of %s that passes without a warning, under the name of its folder', async (template) => {
    const dir = join(folder, `My ${template}`);
    const made = await palisade(['bundle', 'init', dir, '--template', template]);
    const checked = await palisade(['bundle', 'check', dir, '--deny-warnings', '--json']);

    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toContain(`Next: palisade bundle check ${dir}\n`);
    expect(checked.code).toBe(0);
    expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, name: `my-${template}`, problems: [] });
  });

  test('takes a name that YAML would read as a number', async () => {
    const dir = join(folder, '1984');
    await palisade(['bundle', 'init', dir]);
    const { stdout } = await palisade(['bundle', 'check', dir, '--json']);

    expect(JSON.parse(stdout)).toMatchObject({ ok: true, name: '1984' });
  });

  test('overwrites nothing', async () => {
    const dir = join(folder, 'taken');
    await mkdir(dir);
    await writeFile(join(dir, 'notes.txt'), 'mine');
    const { code, stderr } = await palisade(['bundle', 'init', dir]);

    expect(code).toBe(2);
    expect(stderr).toContain('is not empty');
    expect(await readdir(dir)).toEqual(['notes.txt']);
  });

  test.each([
    [
      'an unknown template',
      ['x', '--template', 'nope'],
      'there is no template nope; there are minimal, coding-agent',
    ],
    ['a name that is none', ['x', '--name', 'No Name'], 'is no name for a bundle'],
  ])('refuses %s', async (_what, [dir = '', ...options], message) => {
    const { code, stderr } = await palisade(['bundle', 'init', join(folder, dir), ...options]);

    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(await readdir(folder)).not.toContain(dir);
  });
});

describe('bundle fmt', () => {
  const UGLY = '@id("p") permit(principal is Agent in Role::"reader",action==Action::"read",resource);\n';

  test('lists what would change, formats it, and is done', async () => {
    const dir = await bundleFolder('ugly', UGLY);
    const file = join(dir, 'policies.cedar');
    await chmod(file, 0o640);

    const listed = await palisade(['bundle', 'fmt', '--check', dir]);
    expect(listed).toMatchObject({ code: 1, stdout: `${file} would change\n1 of 1 files would change\n` });
    expect(await readFile(file, 'utf8')).toBe(UGLY);

    expect(await palisade(['bundle', 'fmt', dir])).toMatchObject({ code: 0 });
    expect(await readFile(file, 'utf8')).toMatch(/^@id\("p"\)\npermit \(\n/);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    expect((await readdir(dir)).filter((name) => name.startsWith('.'))).toEqual([]);

    const { mtimeMs } = await stat(file);
    const again = await palisade(['bundle', 'fmt', '--check', dir, '--json']);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toEqual({ changed: [], unchanged: ['policies.cedar'], problems: [] });
    expect((await stat(file)).mtimeMs).toBe(mtimeMs);
  });

  test('formats the other files where one cannot be', async () => {
    const dir = await bundleFolder('half', UGLY);
    await writeFile(join(dir, 'broken.cedar'), 'permit(');
    const { code, stdout } = await palisade(['bundle', 'fmt', dir]);

    expect(code).toBe(1);
    expect(stdout).toMatch(/^broken\.cedar:1:8: error: .*\[cedar_syntax\]$/m);
    expect(await readFile(join(dir, 'broken.cedar'), 'utf8')).toBe('permit(');
    expect(await readFile(join(dir, 'policies.cedar'), 'utf8')).not.toBe(UGLY);
  });
});

describe('bundle check', () => {
  test('warns by the name of a lint, and fails for it where it is told to', async () => {
    const dir = await bundleFolder(
      'open',
      '@id("p") permit(principal, action == Action::"read", resource);\n',
    );
    const [warned, denied] = [
      await palisade(['bundle', 'check', dir]),
      await palisade(['bundle', 'check', '--deny-warnings', dir]),
    ];

    expect(warned.code).toBe(0);
    expect(warned.stdout).toMatch(/^policies\.cedar:1:1: warning: .* \[broad-permit\]$/m);
    expect(denied.code).toBe(1);
    expect(denied.stdout).toContain('1 warning(s), which --deny-warnings does not let pass');
  });
});

test('a file that somebody edits meanwhile is not written over', async () => {
  const file = join(folder, 'edited.cedar');
  await writeFile(file, 'theirs');

  await expect(replaceFile(file, Buffer.from('as it was read'), 'ours')).rejects.toThrow(
    'was changed meanwhile',
  );
  expect(await readFile(file, 'utf8')).toBe('theirs');
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
});
