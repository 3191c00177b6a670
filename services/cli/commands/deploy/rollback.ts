import { Command } from 'commander';
import { type ChangeOptions, sendChange, sequenceOf, withChangeOptions } from './change.ts';

const HELP = `
Where a canary runs, it ends, and the active bundle stays. Where none does, the bundle that was active before comes back; another rollback
goes one further back, never forward again. --to brings back the active bundle of that sequence, whatever runs.`;

export function rollbackCommand(): Command {
  const command = new Command('rollback')
    .argument('<store>', 'the policy store')
    .option('--to <sequence>', 'a sequence of `palisade deploy history`', sequenceOf)
    .description('Ends the canary or, without one, goes back to the bundle that was active before.')
    .addHelpText('after', HELP);

  return withChangeOptions(command).action((store: string, options: ChangeOptions & { to?: bigint }) =>
    sendChange(
      'POST',
      store,
      '/deployment/rollback',
      { to: options.to },
      options,
      ({ action, bundle, sequence }) => {
        const what = action === 'end_canary' ? 'The canary is ended; ' : '';

        return `${what}${store} runs ${bundle.name} ${bundle.version} as sequence ${sequence}.`;
      },
    ),
  );
}
