/** Runs one command line after the other as `palisade` does, without the cost of a process for each. */
import { main } from '../../../services/cli/main.ts';
import type { Ran } from './run.ts';

export interface HostedCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const INHERITED = { ...process.env };

// Each run adds a listener, as a process of its own would once.
process.stdout.setMaxListeners(0);
process.on('message', ({ args, env }: HostedCommand) => {
  void run(args, env).then((ran) => process.send?.(ran));
});

async function run(args: readonly string[], env: HostedCommand['env']): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  process.env = { ...INHERITED, ...env };
  process.exitCode = undefined;
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (chunk: string | Uint8Array) => {
      written[name] += String(chunk);

      return true;
    };
  }
  await main(args);

  return { code: Number(process.exitCode ?? 0), ...written };
}
