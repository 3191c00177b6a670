import { execFileSync, spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { completionScript, SHELLS } from '../../services/cli/completion/scripts.ts';
import { placesOf } from '../../services/cli/completion/tree.ts';
import { createProgram } from '../../services/cli/program.ts';
import { palisade } from './support/run.ts';

const places = placesOf(await createProgram());
let script: string;

beforeAll(async () => {
  const { code, stdout } = await palisade(['completion', 'bash']);
  expect(code).toBe(0);
  script = stdout;
});

/** What bash offers for a line whose last word is being written. */
function offered(...words: readonly string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _palisade; printf '%s\\n' "\${COMPREPLY[@]}"`;

  return execFileSync('bash', ['--norc', '-c', `${script}\n${ask}`], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

describe('the script for bash', () => {
  test('is one that bash parses', () => {
    expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  test.each([
    [['palisade', 'bun'], ['bundle']],
    [['palisade', 'bundle', 'ch'], ['check']],
    [['palisade', 'bundle', 'check', '--deny'], ['--deny-warnings']],
    [['palisade', 'bundle', '--json', 'che'], ['check']],
    [
      ['palisade', 'token', 'create', 'x', '--role', ''],
      ['runtime', 'author', 'reviewer', 'approver', 'operator', 'auditor', 'admin'],
    ],
    [['palisade', 'completion', ''], [...SHELLS]],
    [['palisade', 'bundle', 'check', 'pol'], []],
  ])('completes %j', (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  test('offers every command, and nothing that there is not', async () => {
    const { commands } = await createProgram();
    const names = commands.map((command) => command.name());

    expect(offered('palisade', '').sort()).toEqual([...names, 'help'].sort());
  });
});

test.each(SHELLS)('the script for %s names every command and option', (shell) => {
  const text = completionScript(shell, places);

  for (const { commands, options } of places) {
    for (const { name } of [...commands, ...options])
      expect(text).toContain(shell === 'fish' ? name.replace(/^--/, '') : name);
  }
});

test('a description with quotes does not end early', () => {
  const place = {
    path: '',
    commands: [{ name: 'x', description: "Cedar's: own \\ `rm` $(rm)" }],
    options: [],
  };
  const zsh = completionScript('zsh', [place]);

  expect(zsh).toContain("'x:Cedar'\\''s: own \\ `rm` $(rm)'");
  expect(completionScript('fish', [place])).toContain("-d 'Cedar\\'s: own \\\\ `rm` $(rm)'");
});
