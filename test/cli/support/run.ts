import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** The whole environment but PATH, so that nothing of this machine's leaks in. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** @defaultValue the repository */
  readonly cwd?: string;
}

const PALISADE = resolve('services/cli/palisade.js');

/** Runs `palisade` with these arguments until it ends. */
export async function palisade(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawnPalisade(args, options);
  const exited = new Promise<number | null>((settle) => child.once('close', settle));
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);

  return { code: await exited, stdout, stderr };
}

/** Starts `palisade` with these arguments; whoever does so ends it. */
export function spawnPalisade(args: readonly string[], { env = {}, cwd }: RunOptions = {}): ChildProcess {
  return spawn(process.execPath, [PALISADE, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function textOf(stream: ChildProcess['stdout']): Promise<string> {
  return stream === null ? Promise.resolve('') : text(stream);
}
