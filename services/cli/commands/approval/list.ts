import { Command, Option } from 'commander';
import { APPROVAL_STATUSES } from '../../../engine/approval.ts';
import { createAdminClient } from '../../client.ts';
import { print, table } from '../../output.ts';
import { QUESTION_HEADS, type QuestionAnswer, questionCells } from './question.ts';

interface ListOptions {
  readonly store?: string;
  readonly status: string;
  readonly limit: string;
  readonly json?: boolean;
}

export function listCommand(): Command {
  return new Command('list')
    .option('--store <name>', 'only of this policy store')
    .addOption(
      new Option('--status <status>', 'what became of them')
        .choices([...APPROVAL_STATUSES, 'all'])
        .default('pending'),
    )
    .option('--limit <count>', 'at most so many, the newest first', '50')
    .option('--json', 'print JSON')
    .description('Lists questions, by default those that wait for an answer.')
    .action(async ({ store, status, limit, json }: ListOptions) => {
      const parameters = new URLSearchParams({ limit });
      if (store !== undefined) parameters.set('store', store);
      if (status !== 'all') parameters.set('status', status);
      const answer = (await createAdminClient().request('GET', `/v1/approvals?${parameters}`)) as {
        readonly approvals: readonly QuestionAnswer[];
      };
      print(answer, json, () => table([QUESTION_HEADS, ...answer.approvals.map(questionCells)]));
    });
}
