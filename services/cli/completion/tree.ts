import type { Command } from 'commander';

/** What can follow some words of a command line. */
export interface Place {
  /** The names of the commands so far, such as `bundle check`; empty at the beginning. */
  readonly path: string;
  /** Commands, or the choices of an argument. */
  readonly commands: readonly Described[];
  readonly options: readonly CompletedOption[];
}

export interface Described {
  readonly name: string;
  readonly description: string;
}

export interface CompletedOption extends Described {
  /** `undefined`: it takes no value; empty: any. */
  readonly choices: readonly string[] | undefined;
}

/** Every place of a program, from its own commands and options, so that nothing is offered that is not there. */
export function placesOf(program: Command, path: readonly string[] = []): readonly Place[] {
  const help = program.createHelp();
  const named = help
    .visibleCommands(program)
    .map((command): Described => ({ name: command.name(), description: sentenceOf(command.description()) }));
  const options = help.visibleOptions(program).flatMap((option): CompletedOption[] => {
    const choices = option.required || option.optional ? (option.argChoices ?? []) : undefined;

    return option.long == null
      ? []
      : [{ name: option.long, description: sentenceOf(option.description), choices }];
  });
  const own: Place = {
    path: path.join(' '),
    commands: [...named, ...argumentsOf(program)],
    options,
  };
  // `help` is made for each look, and has nothing below.
  const below = program.commands.flatMap((command) => placesOf(command, [...path, command.name()]));

  return [own, ...below];
}

/** What a command takes in the place of its first argument, where that is one of few. */
function argumentsOf(program: Command): readonly Described[] {
  const [first] = program.registeredArguments;

  return (first?.argChoices ?? []).map((name) => ({ name, description: first?.description ?? '' }));
}

/** Up to the end of the first sentence: a list shows one line. */
function sentenceOf(text: string): string {
  return (/^.*?[.](?=\s|$)/.exec(text)?.[0] ?? text).replace(/\.$/, '');
}
