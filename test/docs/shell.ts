import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
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
  if [ "$1" = palisade ]; then shift; $DOCS_PALISADE "$@"; else "$@"; fi
}`;
const PROCESS = 'node services/cli/palisade.js';
const HOSTED = `node ${resolve('test/docs/hosted.js')}`;

export interface Shell {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Texts of the pages, and what stands for them here. */
  readonly replace: readonly (readonly [string, string])[];
  /** Socket of what runs the command lines of `palisade`; absent: each is a process of its own. */
  readonly host?: string;
}

/** The window in which a reader follows one page: variables stay from block to block. */
export interface Terminal {
  /** Runs a block as it stands on its page; gives what it printed. @throws Error with all output if a line fails. */
  run(block: string): Promise<string>;
  close(): Promise<void>;
}

export function openTerminal(shell: Shell): Terminal {
  const child = spawn('bash', [], optionsOf(shell));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  // A line that fails ends the shell, which then reads no further.
  child.stdin.on('error', () => undefined);
  const closed = new Promise<number | null>((done) => child.once('close', done));
  child.stdin.write(`${PRELUDE}\n`);

  return {
    async run(block) {
      stdout = '';
      stderr = '';
      const mark = `${randomUUID()}\n`;
      // As one group it is read whole before it begins, so that no command in it takes what follows for its input.
      child.stdin.write(`{\n${scriptOf(block, shell)}\n} </dev/null\nprintf ${mark.trimEnd()}'\\n'\n`);
      const seen = Promise.withResolvers<undefined>();
      const look = () => {
        if (stdout.endsWith(mark)) seen.resolve(undefined);
      };
      child.stdout.on('data', look);
      const code = await Promise.race([seen.promise, closed]);
      child.stdout.off('data', look);
      if (code === undefined) return stdout.slice(0, -mark.length);

      throw new Error(`exit code ${code} of:\n${block}\n${stdout}\n${stderr}`);
    },

    async close() {
      child.stdin.end();
      await closed;
    },
  };
}

/** Starts a block; what ends in `exec` is the process itself. */
export function startBlock(block: string, shell: Shell): ChildProcess {
  return spawn('bash', ['-c', `${PRELUDE}\n${scriptOf(block, shell)}`], optionsOf(shell));
}

const PRELUDE = `set -euo pipefail\n${SHORTCUT}`;

function optionsOf({ cwd, env, host }: Shell) {
  const own = {
    PATH: process.env['PATH'] ?? '',
    HOME: cwd,
    // Types are stripped once and not for each command.
    NODE_COMPILE_CACHE: resolve('node_modules/.cache/palisade'),
    DOCS_PALISADE: host === undefined ? PROCESS : HOSTED,
    DOCS_HOST: host ?? '',
  };

  return { cwd, env: { ...own, ...env } };
}

function scriptOf(block: string, { replace }: Shell): string {
  return replace.reduce((result, [from, to]) => result.replaceAll(from, to), expectExits(block));
}

/** A line that ends in `# exits with N: why` must exit with N. */
function expectExits(text: string): string {
  return text.replaceAll(
    /^(.+?) # exits with (\d+).*$/gm,
    'if $1; then echo "should exit with $2" >&2; exit 1; else test $? -eq $2; fi',
  );
}
