import { Command } from 'commander';
import { type ChangeOptions, sendChange, withChangeOptions } from './change.ts';

export function activateCommand(): Command {
  const command = new Command('activate')
    .argument('<store>', 'the policy store')
    .argument('<digest>', 'sha256:… of a pushed bundle')
    .description(
      'Makes a pushed bundle the active one; every running process follows within a second. A canary ends with it.',
    );

  return withChangeOptions(command).action((store: string, digest: string, options: ChangeOptions) =>
    sendChange(
      'PUT',
      store,
      '/deployment',
      { digest },
      options,
      ({ bundle, sequence }) => `${store} runs ${bundle.name} ${bundle.version} as sequence ${sequence}.`,
    ),
  );
}
