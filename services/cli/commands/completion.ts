import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion/scripts.ts';
import { placesOf } from '../completion/tree.ts';

const EPILOGUE = `
Commands, options and their choices are completed, and file names where a command takes them.

  bash    eval "$(palisade completion bash)"                       in ~/.bashrc
  zsh     eval "$(palisade completion zsh)"                        in ~/.zshrc, behind compinit
  fish    palisade completion fish > ~/.config/fish/completions/palisade.fish

Exit codes: 0 done; 2 wrong usage.`;

export function completionCommand(): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>', 'which shell to make it for').choices(SHELLS))
    .description('Prints a script that makes a shell complete palisade.')
    .addHelpText('after', EPILOGUE)
    .action((shell: Shell, _options: unknown, command: Command) => {
      let program = command;
      while (program.parent !== null) program = program.parent;
      process.stdout.write(completionScript(shell, placesOf(program)));
    });
}
