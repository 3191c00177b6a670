import { Command } from 'commander';
import { endCommand } from './run/end.ts';
import { showCommand } from './run/show.ts';
import { startCommand } from './run/start.ts';

const EPILOGUE = `
A run belongs to the credential that started it, and runtimes start theirs themselves; these commands are for scripts, and for looking
at one. They ask at PALISADE_URL, with a runtime token in PALISADE_TOKEN, else .palisade/runtime.token.

Example, of a job whose calls are judged together:
  RUN=$(palisade run start --principal 'Agent::"build-bot"')
  …                                        each call of the job sends "run": {"run_id": "$RUN"}
  palisade run show "$RUN"
  palisade run end "$RUN"`;

export function runCommand(): Command {
  return new Command('run')
    .description('Runs of agents: start one, end it, and what it has taken.')
    .addHelpText('after', EPILOGUE)
    .addCommand(startCommand())
    .addCommand(showCommand())
    .addCommand(endCommand());
}
