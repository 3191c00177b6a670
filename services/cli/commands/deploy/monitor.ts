import { Command } from 'commander';
import { CliError, EXIT } from '../../errors.ts';
import { type ChangeOptions, sendChange, withChangeOptions } from './change.ts';

interface MonitorOptions extends ChangeOptions {
  readonly all?: true;
  readonly policy?: readonly string[];
  readonly off?: true;
}

const HELP = `
What is monitored is told and not enforced: a call that it forbids is allowed, and the reply, the record and the metrics say
"monitored". Failures are never monitored away. The setting stays when another bundle is activated, until it is changed.`;

export function monitorCommand(): Command {
  const command = new Command('monitor')
    .argument('<store>', 'the policy store')
    .option('--policy <id...>', 'only these policies: decisions are made as if they were not there')
    .option('--all', 'all of the store: nothing that policies deny is denied')
    .option('--off', 'enforce everything again')
    .description('Sets which policies are told and not enforced.')
    .addHelpText('after', HELP);

  return withChangeOptions(command).action((store: string, options: MonitorOptions) => {
    const given = [options.all, options.policy, options.off].filter((one) => one !== undefined);
    if (given.length !== 1) throw new CliError('say one of --policy, --all and --off', EXIT.usage);
    const monitor = options.off === true ? null : { policies: options.policy ?? null };

    return sendChange('POST', store, '/deployment/monitor', { monitor }, options, ({ sequence }) =>
      monitor === null
        ? `${store} enforces everything as sequence ${sequence}.`
        : `${store} monitors as sequence ${sequence}.`,
    );
  });
}
