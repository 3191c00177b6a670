import { Command } from 'commander';
import { createAdminClient } from '../../client.ts';
import { print } from '../../output.ts';
import { type GlassAnswer, openedLines } from '../break-glass/lines.ts';
import type { DeploymentAnswer } from './answer.ts';
import { stateLines } from './lines.ts';

export function approveCommand(): Command {
  return new Command('approve')
    .argument('<id>', 'of `palisade deploy proposals`')
    .option('--json', 'print JSON')
    .description('Approves what somebody else proposed; it takes effect at once, if nothing changed since.')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const path = `/v1/proposals/${encodeURIComponent(id)}/approve`;
      const answer = (await createAdminClient().request('POST', path, { json: {} })) as {
        readonly deployment?: DeploymentAnswer;
        readonly store?: string;
        readonly break_glass?: GlassAnswer;
      };
      print(answer, json, () => doneLines(answer));
    });
}

function doneLines({
  deployment,
  store,
  break_glass: glass,
}: {
  readonly deployment?: DeploymentAnswer;
  readonly store?: string;
  readonly break_glass?: GlassAnswer;
}): string[] {
  if (glass !== undefined) return openedLines(glass);
  if (deployment === undefined) return [`One person can change ${store} again.`];
  const { bundle, sequence } = deployment;

  return [
    `${deployment.store} runs ${bundle.name} ${bundle.version} as sequence ${sequence}.`,
    ...stateLines(deployment),
  ];
}
