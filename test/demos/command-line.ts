import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Administration } from '../support/shared-store.ts';

/** What a command printed: to its output where it went well, otherwise to where errors go. */
export interface RanCommand {
  readonly printed: string;
  readonly failed: boolean;
}

/** Runs `palisade` in a process of its own, with the token of whoever types it. */
export async function runPalisade(
  args: readonly string[],
  { addresses }: Administration,
  token: string,
): Promise<RanCommand> {
  const env = {
    PATH: process.env['PATH'],
    PALISADE_ADMIN_URL: `http://${addresses.admin}`,
    PALISADE_TOKEN: token,
  };
  try {
    const command = ['services/cli/palisade.js', ...args];
    const { stdout } = await promisify(execFile)(process.execPath, command, { env });

    return { printed: stdout, failed: false };
  } catch (thrown) {
    return { printed: (thrown as { readonly stderr: string }).stderr, failed: true };
  }
}

/** The command as somebody types it. */
export function commandLine(args: readonly string[]): string {
  return `palisade ${args.map(shellWord).join(' ')}`;
}

function shellWord(word: string): string {
  return /^[\w./:=@-]+$/.test(word) ? word : `'${word}'`;
}
