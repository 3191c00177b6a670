import { Command } from 'commander';
import { CliError, EXIT } from '../../errors.ts';
import { type ChangeOptions, sendChange, withChangeOptions } from './change.ts';

export function shadowCommand(): Command {
  const command = new Command('shadow')
    .argument('<store>', 'the policy store')
    .argument('[digest]', 'sha256:… of a pushed bundle')
    .option('--off', 'evaluate none any more')
    .description(
      'Evaluates a bundle beside the active one, without any effect, and counts where they differ.',
    );

  return withChangeOptions(command).action(
    (store: string, digest: string | undefined, options: ChangeOptions & { off?: true }) => {
      if ((digest === undefined) !== (options.off === true)) {
        throw new CliError('name the digest of a bundle, or say --off', EXIT.usage);
      }

      return sendChange(
        'POST',
        store,
        '/deployment/shadow',
        { digest: digest ?? null },
        options,
        ({ sequence }) =>
          digest === undefined
            ? `${store} has no shadow any more, as sequence ${sequence}.`
            : `${store} has a shadow as sequence ${sequence}.`,
      );
    },
  );
}
