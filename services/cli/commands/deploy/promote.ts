import { Command } from 'commander';
import { type ChangeOptions, sendChange, withChangeOptions } from './change.ts';

export function promoteCommand(): Command {
  const command = new Command('promote')
    .argument('<store>', 'the policy store')
    .option('--accept-flips', 'although it is frozen because it differs too often')
    .description('Makes the canary the active bundle.');

  return withChangeOptions(command).action((store: string, options: ChangeOptions & { acceptFlips?: true }) =>
    sendChange(
      'POST',
      store,
      '/deployment/promote',
      { accept_flips: options.acceptFlips },
      options,
      ({ bundle, sequence }) => `${store} runs ${bundle.name} ${bundle.version} as sequence ${sequence}.`,
    ),
  );
}
