/** Runs one command line after the other as `palisade` does, without the cost of a process for each. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
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
// V8 compiles a module once for all threads of a process, as long as one of them holds it: half of what checking a bundle takes.
const CEDAR = createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs');
const held = new WebAssembly.Module(readFileSync(join(dirname(CEDAR), 'cedar_wasm_bg.wasm')));

// Each run adds a listener, as a process of its own would once.
process.stdout.setMaxListeners(0);
process.on('message', (command: HostedCommand) => {
  void run(command).then((ran) => process.send?.(ran));
});
// That it is used here keeps it.
process.once('disconnect', () => process.exit(held === undefined ? 1 : 0));

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
