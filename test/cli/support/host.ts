/** Runs one command line after the other as `palisade` does, without the cost of a process for each. */
import { main } from '../../../services/cli/main.ts';
import type { Ran } from './run.ts';

export interface HostedCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where it runs; absent: where the host does. */
  readonly cwd?: string;
}

const INHERITED = { ...process.env };
const HOME = process.cwd();

// Each run adds a listener, as a process of its own would once.
process.stdout.setMaxListeners(0);
process.on('message', (command: HostedCommand) => {
  void run(command).then((ran) => process.send?.(ran));
});
process.once('disconnect', () => process.exit(0));

async function run({ args, env, cwd = HOME }: HostedCommand): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  process.env = { ...INHERITED, ...env };
  process.exitCode = undefined;
  process.chdir(cwd);
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (chunk: string | Uint8Array) => {
      written[name] += String(chunk);

      return true;
    };
  }
  await main(args);

  return { code: Number(process.exitCode ?? 0), ...written };
}
