import type { Command } from 'commander';
import { createProgram } from '../../../services/cli/program.ts';

const program = await createProgram();

/**
 * Why a command line is none of `palisade`'s; undefined where it is one.
 * @param words what stands behind `palisade`.
 */
export function problemOf(words: readonly string[]): string | undefined {
  let command: Command = program;
  let rest = words;
  for (;;) {
    const [name] = rest;
    const child = command.commands.find((each) => each.name() === name);
    if (child === undefined) break;
    command = child;
    rest = rest.slice(1);
  }
  if (command.commands.length > 0) return `${words.join(' ')}: no command`;

  const unknown = rest
    .filter((word) => word.startsWith('--'))
    .find((word) => !command.options.some(({ long }) => long === word.split('=')[0]));

  return unknown === undefined ? undefined : `${words.join(' ')}: no option ${unknown}`;
}
