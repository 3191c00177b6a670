import { Command } from 'commander';
import { answerCommand } from './approval/answer.ts';
import { listCommand } from './approval/list.ts';
import { showCommand } from './approval/show.ts';
import { watchCommand } from './approval/watch.ts';

export function approvalCommand(): Command {
  return new Command('approval')
    .description('What policies leave to people: what is asked, exactly what would run, and the answers.')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(answerCommand('approve', 'Approves exactly this request, once, until it expires.'))
    .addCommand(answerCommand('deny', 'Denies it, which closes the question.'))
    .addCommand(watchCommand());
}
