import { Command } from 'commander';
import { activateCommand } from './deploy/activate.ts';
import { approveCommand } from './deploy/approve.ts';
import { canaryCommand } from './deploy/canary.ts';
import { historyCommand } from './deploy/history.ts';
import { monitorCommand } from './deploy/monitor.ts';
import { promoteCommand } from './deploy/promote.ts';
import { proposalsCommand } from './deploy/proposals.ts';
import { rejectCommand } from './deploy/reject.ts';
import { rollbackCommand } from './deploy/rollback.ts';
import { shadowCommand } from './deploy/shadow.ts';
import { statusCommand } from './deploy/status.ts';

export function deployCommand(): Command {
  return new Command('deploy')
    .description('What a policy store runs, and how a new bundle comes into effect.')
    .addCommand(activateCommand())
    .addCommand(canaryCommand())
    .addCommand(promoteCommand())
    .addCommand(rollbackCommand())
    .addCommand(shadowCommand())
    .addCommand(monitorCommand())
    .addCommand(statusCommand())
    .addCommand(historyCommand())
    .addCommand(proposalsCommand())
    .addCommand(approveCommand())
    .addCommand(rejectCommand());
}
