import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { commandLinesIn, refusalOf } from './command-lines.ts';

interface Workflow {
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly needs?: string;
  readonly steps: readonly { readonly run?: string; readonly env?: Readonly<Record<string, string>> }[];
}

interface PreCommit {
  readonly repos: readonly { readonly repo: string; readonly hooks: readonly Hook[] }[];
}

interface Hook {
  readonly id: string;
  readonly entry: string;
  readonly files: string;
}

const WORKFLOW = 'docs/ci/palisade.yml';
const HOOKS = 'docs/ci/pre-commit-config.yaml';
const SCRIPT = 'docs/ci/palisade.sh';
const SECRETS = ['PALISADE_ADMIN_URL', 'PALISADE_TOKEN'];

const { jobs } = read<Workflow>(WORKFLOW);
const hooks = read<PreCommit>(HOOKS).repos.flatMap((repository) => repository.hooks);
const script = readFileSync(SCRIPT, 'utf8');
const found = [
  ...Object.values(jobs).flatMap((job) => commandsOf(job).map((line) => [line, WORKFLOW] as const)),
  ...hooks.flatMap(({ entry }) => commandLinesIn(entry).map((line) => [line, HOOKS] as const)),
  ...commandLinesIn(script.replaceAll(/^#.*$/gm, '')).map((line) => [line, SCRIPT] as const),
];

test.each(found)('palisade %s, of %s, is understood', async (line) => {
  expect(await refusalOf(line)).toBeUndefined();
});

describe('the workflow', () => {
  test('checks before it replays or pushes', () => {
    expect(Object.keys(jobs)).toEqual(['check', 'replay', 'push']);
    expect([jobs['replay']?.needs, jobs['push']?.needs]).toEqual(['check', 'check']);
  });

  test('gives the secrets to the commands that speak to a server, and to no other step', () => {
    for (const { run = '', env = {} } of Object.values(jobs).flatMap(({ steps }) => steps)) {
      expect(Object.keys(env)).toEqual(/^palisade (replay|bundle push) /.test(run) ? SECRETS : []);
    }
  });

  test('runs the commands of the script', () => {
    const [ofWorkflow, ofScript] = [WORKFLOW, SCRIPT].map((file) => found.filter(([, of]) => of === file));
    const named = ofScript?.map(([line]) => line.replace('"$1"', '"$BUNDLE"').replace('"$2"', '"$STORE"'));

    expect(ofWorkflow?.map(([line]) => line)).toEqual(named);
    expect(ofScript).toHaveLength(5);
  });
});

test('the hooks run what needs no server, where a file of the bundle changes', () => {
  expect(hooks.map(({ entry }) => entry.split(' ')[2])).toEqual(['fmt', 'check', 'test']);
  for (const { files } of hooks) expect('policies/my-agent/files.cedar').toMatch(new RegExp(files));
});

describe('the script', () => {
  test.each([
    ['nothing', []],
    ['no bundle', ['check']],
    ['no store', ['replay', 'policies/my-agent']],
    ['another command', ['rm', 'policies/my-agent']],
  ])('refuses %s with its usage', (_what, args) => {
    const { status, stderr } = spawnSync('bash', [SCRIPT, ...args], { encoding: 'utf8' });

    expect([status, stderr]).toEqual([2, expect.stringContaining('usage: ')]);
  });

  test('ends with the first command that fails', () => {
    const stand = 'palisade() { echo "$2"; [ "$2" != check ]; }; export -f palisade';
    const { status, stdout } = spawnSync('bash', ['-c', `${stand}; bash ${SCRIPT} check policies/my-agent`], {
      encoding: 'utf8',
    });

    expect([status, stdout]).toEqual([1, 'fmt\ncheck\n']);
  });
});

test('every file is named by the guide', () => {
  const guide = readFileSync('docs/guide-pipeline.md', 'utf8');
  const files = globSync('docs/ci/*').map((file) => basename(file));

  expect(files.filter((name) => !guide.includes(`](ci/${name})`))).toEqual([]);
});

function commandsOf({ steps }: Job): string[] {
  // It is also a folder.
  return steps.flatMap(({ run = '' }) => commandLinesIn(run)).filter((line) => line !== '');
}

function read<T>(file: string): T {
  const document = parseDocument(readFileSync(file, 'utf8'), { uniqueKeys: true });
  if (document.errors.length > 0) throw document.errors[0];

  return document.toJS() as T;
}
