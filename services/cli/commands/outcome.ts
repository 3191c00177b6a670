import { Command } from 'commander';
import { reportCommand } from './outcome/report.ts';

export function outcomeCommand(): Command {
  return new Command('outcome')
    .description('What allowed calls came to, for the decision log and for what limits count.')
    .addCommand(reportCommand());
}
