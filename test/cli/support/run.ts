import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll } from 'vitest';
import { BOUNDED, HOLDING_CEDAR } from '../../support/server.ts';
import type { HostedCommand } from './host.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const PALISADE = resolve('services/cli/palisade.js');
/** Where `palisade` itself keeps what it compiled: a thread for each bundle would compile the program anew. */
const CACHE = { NODE_COMPILE_CACHE: resolve('node_modules/.cache/palisade') };

/** Runs `palisade` in a process of its own until it ends. @param env all of its environment but PATH. */
export async function palisade(args: readonly string[], env: Environment = {}): Promise<Ran> {
  const child = spawnPalisade(args, env);
  const exited = new Promise<number | null>((settle) => child.once('close', settle));
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);

  return { code: await exited, stdout, stderr };
}

/** Starts `palisade` in a process of its own; whoever does so ends it. */
export function spawnPalisade(args: readonly string[], env: Environment = {}): ChildProcess {
  const start = args[0] === 'serve' ? BOUNDED : { flags: [], environment: {} };

  return spawn(process.execPath, [...start.flags, PALISADE, ...args], {
    env: { PATH: process.env['PATH'], ...start.environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** For many command lines: one process runs all of a file, one after the other. */
export function usePalisade(): typeof palisade {
  let host: PalisadeHost;

  beforeAll(() => {
    host = startHost();
  });
  afterAll(() => host.stop());

  return (args, env = {}) => host.run({ args, env: presentOnly(env) });
}

/** A process that runs command lines, one after the other. */
export interface PalisadeHost {
  run(command: HostedCommand): Promise<Ran>;
  stop(): void;
}

export function startHost(): PalisadeHost {
  const host = fork(join(import.meta.dirname, 'host.ts'), {
    execArgv: HOLDING_CEDAR.split(' '),
    env: { PATH: process.env['PATH'], ...CACHE },
  });
  let last: Promise<unknown> = Promise.resolve();

  return {
    run(command) {
      const ran = last.then(async () => {
        const answer = once(host, 'message');
        host.send(command);

        return (await answer)[0] as Ran;
      });
      last = ran;

      return ran;
    },
    stop: () => void host.kill(),
  };
}

function presentOnly(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function textOf(stream: ChildProcess['stdout']): Promise<string> {
  return stream === null ? Promise.resolve('') : text(stream);
}
