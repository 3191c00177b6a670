import { Command } from 'commander';
import { createKeyring } from '../../ledger/keyring.ts';

export function keyringCommand(): Command {
  const command = new Command('keyring').description('The keys that encrypt the inputs of decision records.');

  command
    .command('create')
    .argument('<file>', 'where to write it, mode 0600')
    .description('Makes a keyring with one new key. Lose it, and no recorded input can be read again.')
    .action(async (file: string) => {
      await createKeyring(file);
      process.stdout.write(
        `${file} made; set PALISADE_KEYRING_FILE to it, and keep a copy apart from the database.\n`,
      );
    });

  return command;
}
