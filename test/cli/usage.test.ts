import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { createToken } from '../../services/pdp/token.ts';
import { palisade as palisadeProcess, usePalisade } from './support/run.ts';

const palisade = usePalisade();
const { token } = createToken();
const NOBODY_THERE = { PALISADE_ADMIN_URL: 'http://127.0.0.1:1', PALISADE_TOKEN: token };

test('--help teaches the commands, the exit codes and the first steps; --version says which this is', async () => {
  const [help, version] = await Promise.all([palisadeProcess(['--help']), palisadeProcess(['--version'])]);

  expect(help.code).toBe(0);
  for (const taught of [
    'bundle',
    'deploy',
    'store',
    'entity',
    'token',
    'recover',
    'evaluator',
    'log',
    'keyring',
    'Exit codes',
    'PALISADE_TOKEN',
  ]) {
    expect(help.stdout).toContain(taught);
  }
  expect(version).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
});

test.each([
  ['no command', [], 'Usage: palisade'],
  ['an unknown command', ['destroy'], "unknown command 'destroy'"],
  ['a missing argument', ['bundle', 'show'], "missing required argument 'digest'"],
  ['an unknown option', ['store', 'list', '--yaml'], "unknown option '--yaml'"],
  [
    'a role that there is not',
    ['token', 'create', 'x', '--role', 'root'],
    'Allowed choices are runtime, author, reviewer, approver, operator, auditor, admin',
  ],
  [
    'a principal that is none',
    ['token', 'create', 'x', '--principal', 'Agent::"a'],
    'neither a type such as Agent',
  ],
  [
    'a sequence that is none',
    ['deploy', 'activate', 's', 'd', '--expected-sequence', '1e3'],
    'a whole number',
  ],
  ['an entity that is none', ['entity', 'get', 's', 'alice'], `such as 'User::"alice"'`],
  ['a patch that changes nothing', ['entity', 'patch', 's', 'User::"a"'], 'nothing is to be changed'],
  [
    'a value that is no JSON',
    ['entity', 'patch', 's', 'User::"a"', '--set', 'level=high'],
    'a name and JSON',
  ],
  [
    'one expectation of several entities',
    ['entity', 'delete', 's', 'User::"a"', 'User::"b"', '--expected-sequence', '1'],
    'goes with one entity',
  ],
  [
    'rights for the first admin',
    ['token', 'create', 'x', '--bootstrap', '--role', 'runtime'],
    'cannot be used with option',
  ],
])('%s is wrong usage', async (_what, args, message) => {
  const { code, stderr } = await palisade(args, NOBODY_THERE);

  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^ {4}at /m);
});

describe('a server that cannot be reached', () => {
  test('is named, with what to do', async () => {
    const { code, stderr } = await palisade(['bundle', 'list'], NOBODY_THERE);

    expect(code).toBe(1);
    expect(stderr).toMatch(/no answer from http:\/\/127\.0\.0\.1:1 .*\n.*npm start.*PALISADE_ADMIN_URL/);
    expect(stderr).not.toContain(token);
  });

  test.each([
    ['no token', { PALISADE_ADMIN_URL: 'http://127.0.0.1:1', PALISADE_HOME: '/absent' }, 1, 'PALISADE_TOKEN'],
    ['no URL', { ...NOBODY_THERE, PALISADE_ADMIN_URL: 'nonsense' }, 2, 'PALISADE_ADMIN_URL is no URL'],
    ['half a token', { ...NOBODY_THERE, PALISADE_TOKEN: token.slice(0, 40) }, 2, 'not of the form'],
  ])('is not even asked with %s', async (_what, env, expected, message) => {
    const { code, stderr } = await palisade(['bundle', 'list'], env);

    expect(code).toBe(expected);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(token.slice(0, 40));
  });
});

test('keyring create makes a private file, and never overwrites one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palisade-keyring-'));
  try {
    const file = join(folder, 'keyring.json');
    expect(await palisade(['keyring', 'create', file])).toMatchObject({ code: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const made = await readFile(file, 'utf8');

    const { code, stderr } = await palisade(['keyring', 'create', file]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${file} exists already`);
    expect(await readFile(file, 'utf8')).toBe(made);
  } finally {
    await rm(folder, { recursive: true });
  }
});
