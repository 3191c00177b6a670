import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFiles } from '../pdp/support/bundle.ts';
import { usePalisade } from './support/run.ts';

const STARTER = 'policies/coding-agent';
const DIGEST = /^sha256:[0-9a-f]{64}$/m;

const palisade = usePalisade();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palisade-bundle-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('bundle check', () => {
  test('says of a good bundle what is in it, and its digest', async () => {
    const { code, stdout, stderr } = await palisade(['bundle', 'check', STARTER]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^coding-agent \d+\.\d+\.\d+: \d+ policies .*, (\d+) of \1 tests passed$/m);
    expect(stdout).toMatch(DIGEST);
    expect(stderr).toBe('');
  });

  test('shows each problem with its place, the line and a caret, and how it would have helped', async () => {
    const broken = join(folder, 'broken');
    await mkdir(broken);
    for (const [path, content] of bundleFiles()) await writeFile(join(broken, path), content);
    await writeFile(
      join(broken, 'broken.cedar'),
      '@id("typo")\npermit (principal, action, resource)\nwhen { principal.nmae == "a" };\n',
    );
    const { code, stdout } = await palisade(['bundle', 'check', broken]);

    expect(code).toBe(1);
    expect(stdout).toMatch(/^broken\.cedar:3:\d+: error: .*nmae.*\[policy_invalid\]$/m);
    expect(stdout).toMatch(/^ {2}when \{ principal\.nmae == "a" \};\n {2} +\^+$/m);
    expect(stdout).toContain('problem(s): this bundle cannot be deployed');

    const json = await palisade(['bundle', 'check', broken, '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      problems: [{ severity: 'error', code: 'policy_invalid', file: 'broken.cedar', start: { line: 3 } }],
    });
  });

  test('is told wrong usage from a bad bundle by its exit code', async () => {
    const { code, stderr } = await palisade(['bundle', 'check', join(folder, 'absent')]);

    expect(code).toBe(2);
    expect(stderr).toMatch(/^palisade: .*absent is not a folder/);
  });
});

describe('bundle build', () => {
  test('makes the same bytes of the same files, wherever they are', async () => {
    const copy = join(folder, 'copy');
    await cp(STARTER, copy, { recursive: true });
    const [here, there] = [join(folder, 'here.palisade.tgz'), join(folder, 'there.palisade.tgz')];
    const first = await palisade(['bundle', 'build', STARTER, '-o', here, '--json']);
    const second = await palisade(['bundle', 'build', copy, '-o', there, '--json']);

    expect(JSON.parse(first.stdout)).toEqual({ file: here, digest: expect.stringMatching(DIGEST) });
    expect(JSON.parse(second.stdout).digest).toBe(JSON.parse(first.stdout).digest);
    expect((await readFile(there)).equals(await readFile(here))).toBe(true);
  });

  test('makes the same bytes whatever the umask, locale, time zone, age and order of the files', async () => {
    const paths = [...bundleFiles().keys()];
    const build = async (name: string, order: readonly string[], script: string): Promise<Buffer> => {
      const dir = join(folder, name);
      await mkdir(dir);
      for (const path of order) await writeFile(join(dir, path), bundleFiles().get(path) ?? '');
      for (const path of name === 'old' ? order : []) await utimes(join(dir, path), 915_148_800, 915_148_800);
      const command = 'exec "$0" services/cli/palisade.js bundle build "$1" -o "$1.palisade.tgz"';
      await promisify(execFile)('sh', ['-c', `${script} ${command}`, process.execPath, dir]);

      return readFile(`${dir}.palisade.tgz`);
    };
    const [first, second] = await Promise.all([
      build('new', paths, 'umask 022; LC_ALL=C; TZ=UTC; export LC_ALL TZ;'),
      build('old', paths.toReversed(), 'umask 077; LC_ALL=tr_TR.UTF-8; TZ=Asia/Kathmandu; export LC_ALL TZ;'),
    ]);

    expect(second.equals(first)).toBe(true);
    // RFC 1952: deflate, no flags, no time, best compression, unknown system.
    expect([...first.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff]);
  });

  test('writes nothing of a bundle with problems', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'));
    const { code, stderr } = await palisade(['bundle', 'build', empty, '-o', join(folder, 'none.tgz')]);

    expect(code).toBe(1);
    expect(stderr).toContain('bundle.yaml');
    await expect(readFile(join(folder, 'none.tgz'))).rejects.toThrow(/ENOENT/);
  });
});
