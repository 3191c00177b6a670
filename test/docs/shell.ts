import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** What of the repository the pages' commands need. */
const COPIED = ['README.md', 'package.json', '.npmrc', 'docs', 'migrations', 'policies', 'proto', 'services'];

/** Where the commands of the pages run: a copy of the repository, because they change files in it. */
export async function copyRepository(folder: string): Promise<string> {
  await mkdir(folder);
  for (const name of COPIED) await cp(name, join(folder, name), { recursive: true });
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));

  return folder;
}

/** `npm exec --` without the second that npm takes to begin; one test runs the real one. */
const SHORTCUT = `npm() {
  shift 2
  if [ "$1" = palisade ]; then shift; node services/cli/palisade.js "$@"; else "$@"; fi
}`;

export interface Shell {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Texts of the pages, and what stands for them here. */
  readonly replace: readonly (readonly [string, string])[];
}

/** Runs a block as it stands on its page; gives what it printed. @throws Error with all output if a line fails. */
export function runBlock(text: string, shell: Shell): Promise<string> {
  const child = startBlock(text, shell);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk);
  });

  return new Promise((done, fail) => {
    child.once('close', (code) => {
      if (code === 0) done(stdout);
      else fail(new Error(`exit code ${code} of:\n${text}\n${stdout}\n${stderr}`));
    });
  });
}

/** Starts a block; what ends in `exec` is the process itself. */
export function startBlock(text: string, { cwd, env, replace }: Shell): ChildProcess {
  const script = replace.reduce((result, [from, to]) => result.replaceAll(from, to), expectExits(text));

  return spawn('bash', ['-c', `set -euo pipefail\n${SHORTCUT}\n${script}`], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** A line that ends in `# exits with N: why` must exit with N. */
function expectExits(text: string): string {
  return text.replaceAll(
    /^(.+?) # exits with (\d+).*$/gm,
    'if $1; then echo "should exit with $2" >&2; exit 1; else test $? -eq $2; fi',
  );
}
