import { type Command, CommanderError } from 'commander';
import { createProgram } from '../../services/cli/program.ts';

/** `palisade`, or its service of docker-compose.yml, where a command begins, and what follows until the shell's own signs. */
const IN_SHELL =
  /(?:^|[\s(;&|])(?:palisade|compose run --rm cli) (?<line>(?:'[^']*'|"[^"]*"|[^\n'"|;&<>#)])*)/gm;
const WORD = /(?:'[^']*'|"[^"]*"|[^\s'"])+/g;

/** The command lines of `palisade` in a script, without its name. */
export function commandLinesIn(script: string): string[] {
  return [...script.replaceAll('\\\n', ' ').matchAll(IN_SHELL)].map(
    ({ groups }) => groups?.['line']?.trim() ?? '',
  );
}

/** The code of commander's refusal; `undefined` where the line is understood. Nothing is carried out. */
export async function refusalOf(line: string): Promise<string | undefined> {
  try {
    await withoutActions(await createProgram()).parseAsync(wordsOf(line), { from: 'user' });

    return undefined;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.code;
    throw thrown;
  }
}

function wordsOf(line: string): string[] {
  return (line.match(WORD) ?? []).map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

function withoutActions(command: Command): Command {
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const child of command.commands) withoutActions(child);

  return command;
}
