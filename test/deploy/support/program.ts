import { spawnSync } from 'node:child_process';

/** What a program says when it is on the PATH, asked for `args`; undefined where it is not there. */
export function ranWith(
  command: string,
  args: readonly string[],
): { readonly ok: boolean; readonly output: string } | undefined {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
  if (error !== undefined) return undefined;

  return { ok: status === 0, output: stdout + stderr };
}
