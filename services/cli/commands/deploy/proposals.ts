import { Command } from 'commander';
import { createAdminClient } from '../../client.ts';
import { print, table } from '../../output.ts';
import { proposedGlassText } from '../break-glass/lines.ts';
import type { ProposalAnswer } from './answer.ts';

export function proposalsCommand(): Command {
  return new Command('proposals')
    .option('--store <name>', 'only of this policy store')
    .option('--all', 'also those that are decided or have expired')
    .option('--json', 'print JSON')
    .description('Lists changes that wait for a second person.')
    .action(async ({ store, all, json }: { store?: string; all?: true; json?: boolean }) => {
      const parameters = new URLSearchParams({ open: all === true ? 'false' : 'true' });
      if (store !== undefined) parameters.set('store', store);
      const answer = (await createAdminClient().request('GET', `/v1/proposals?${parameters}`)) as {
        readonly proposals: readonly ProposalAnswer[];
      };
      print(answer, json, () =>
        table([
          ['ID', 'STORE', 'CHANGE', 'BY', 'UNTIL', 'OUTCOME', 'REASON'],
          ...answer.proposals.map((one) => [
            one.id,
            one.store,
            changeText(one),
            one.proposed_by,
            one.expires_at,
            one.outcome ?? '-',
            one.reason,
          ]),
        ]),
      );
    });
}

function changeText({ kind, payload }: ProposalAnswer): string {
  const { change, minutes } = payload;
  if (minutes !== undefined) return `break-glass for ${proposedGlassText(payload)}`;
  if (change === undefined) return kind;

  return change.digest === undefined ? change.action : `${change.action} ${change.digest}`;
}
