import { Command } from 'commander';
import { buildCommand } from './bundle/build.ts';
import { checkCommand } from './bundle/check.ts';
import { diffCommand } from './bundle/diff.ts';
import { fmtCommand } from './bundle/fmt.ts';
import { initCommand } from './bundle/init.ts';
import { listCommand } from './bundle/list.ts';
import { pushCommand } from './bundle/push.ts';
import { showCommand } from './bundle/show.ts';
import { signCommand } from './bundle/sign.ts';
import { signaturesCommand } from './bundle/signatures.ts';
import { testCommand } from './bundle/test.ts';
import { verifyCommand } from './bundle/verify.ts';

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
    signCommand(),
    verifyCommand(),
    pushCommand(),
    listCommand(),
    showCommand(),
    signaturesCommand(),
  ]) {
    command.addCommand(subcommand);
  }

  return command;
}
