import { Command } from 'commander';
import { buildCommand } from './bundle/build.ts';
import { checkCommand } from './bundle/check.ts';
import { diffCommand } from './bundle/diff.ts';
import { fmtCommand } from './bundle/fmt.ts';
import { initCommand } from './bundle/init.ts';
import { listCommand } from './bundle/list.ts';
import { pushCommand } from './bundle/push.ts';
import { showCommand } from './bundle/show.ts';
import { testCommand } from './bundle/test.ts';

export function bundleCommand(): Command {
  const command = new Command('bundle').description(
    'Policies, schema, entities and tests as one immutable thing.',
  );
  for (const subcommand of [
    initCommand(),
    fmtCommand(),
    checkCommand(),
    testCommand(),
    diffCommand(),
    buildCommand(),
    pushCommand(),
    listCommand(),
    showCommand(),
  ]) {
    command.addCommand(subcommand);
  }

  return command;
}
