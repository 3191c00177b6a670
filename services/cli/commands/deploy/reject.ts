import { Command } from 'commander';
import { createAdminClient } from '../../client.ts';
import { print } from '../../output.ts';

export function rejectCommand(): Command {
  return new Command('reject')
    .argument('<id>', 'of `palisade deploy proposals`')
    .option('--json', 'print JSON')
    .description('Closes a proposal for good; whoever made it takes it back that way.')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const path = `/v1/proposals/${encodeURIComponent(id)}/reject`;
      const answer = await createAdminClient().request('POST', path, { json: {} });
      print(answer, json, () => ['The proposal is rejected.']);
    });
}
