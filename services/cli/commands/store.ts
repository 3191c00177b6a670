import { Command } from 'commander';
import { createAdminClient } from '../client.ts';
import { print, table } from '../output.ts';

interface StoreAnswer {
  readonly name: string;
  readonly sequence: bigint;
}

export function storeCommand(): Command {
  const command = new Command('store').description(
    'Policy stores: each runs its own bundle; the tenant boundary.',
  );

  command
    .command('create')
    .argument('<name>', 'lower-case letters, digits and -')
    .option('--json', 'print JSON')
    .description('Makes a store; then deploy a bundle to it and make credentials that name it.')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const answer = await createAdminClient().request('POST', '/v1/stores', { json: { name } });
      print(answer, json, () => [`The store ${name} is made.`]);
    });

  command
    .command('list')
    .option('--json', 'print JSON')
    .description('Lists the stores that the credential sees.')
    .action(async ({ json }: { json?: boolean }) => {
      const answer = (await createAdminClient().request('GET', '/v1/stores')) as {
        stores: readonly StoreAnswer[];
      };
      print(answer, json, () =>
        table([
          ['STORE', 'SEQUENCE'],
          ...answer.stores.map(({ name, sequence }) => [name, String(sequence)]),
        ]),
      );
    });

  return command;
}
