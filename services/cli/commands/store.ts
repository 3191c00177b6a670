import { Argument, Command } from 'commander';
import { createAdminClient } from '../client.ts';
import { print, table } from '../output.ts';
import type { ProposalAnswer } from './deploy/answer.ts';
import { waitingLines } from './deploy/change.ts';
import { requireSignaturesCommand } from './store/require-signatures.ts';

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

  command
    .command('two-person')
    .argument('<name>', 'the policy store')
    .addArgument(new Argument('<setting>', 'off itself takes two persons').choices(['on', 'off']))
    .option('--reason <text>', 'why, for the decision log', '')
    .option('--json', 'print JSON')
    .description('Sets whether it takes two persons to change what the store enforces.')
    .action(async (name: string, setting: string, { reason, json }: { reason: string; json?: boolean }) => {
      const path = `/v1/stores/${encodeURIComponent(name)}/two-person`;
      const body = { enabled: setting === 'on', reason };
      const answer = (await createAdminClient().request('PUT', path, { json: body })) as {
        readonly two_person?: boolean;
        readonly proposal?: ProposalAnswer;
      };
      print(answer, json, () => {
        if (answer.proposal !== undefined) return waitingLines(answer.proposal);

        return [`${answer.two_person === true ? 'Two persons change' : 'One person can change'} ${name}.`];
      });
    });
  command.addCommand(requireSignaturesCommand());

  return command;
}
