import { Command, InvalidArgumentError } from 'commander';
import { createAdminClient } from '../../client.ts';
import { print, table } from '../../output.ts';
import type { DeploymentAnswer } from './answer.ts';

export function historyCommand(): Command {
  return new Command('history')
    .argument('<store>', 'the policy store')
    .option('--limit <n>', 'at most 200', limitOf, '50')
    .option('--json', 'print JSON')
    .description('Lists what a store ran, newest first: every change, by whom and why.')
    .action(async (store: string, { limit, json }: { limit: string; json?: boolean }) => {
      const path = `/v1/stores/${encodeURIComponent(store)}/deployments?limit=${limit}`;
      const answer = (await createAdminClient().request('GET', path)) as {
        readonly deployments: readonly DeploymentAnswer[];
        readonly next?: string;
      };
      print(answer, json, () => [
        ...historyTable(answer.deployments),
        ...(answer.next === undefined ? [] : ['… there are more: raise --limit']),
      ]);
    });
}

export function historyTable(deployments: readonly DeploymentAnswer[]): string[] {
  return table([
    ['SEQUENCE', 'CHANGE', 'BUNDLE', 'VERSION', 'CANARY', 'BY', 'APPROVED BY', 'AT', 'REASON'],
    ...deployments.map((one) => [
      String(one.sequence),
      one.action,
      one.bundle.name,
      one.bundle.version,
      one.canary === undefined ? '-' : `${one.canary.percent} % ${one.canary.digest.slice(0, 19)}…`,
      one.author,
      one.approved_by ?? '-',
      one.created_at,
      one.reason,
    ]),
  ]);
}

function limitOf(text: string): string {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 200) return text;

  throw new InvalidArgumentError('It is a number from 1 to 200.');
}
