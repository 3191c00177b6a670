import { Command } from 'commander';
import { createAdminClient } from '../../client.ts';
import { print, table } from '../../output.ts';
import type { BundleAnswer } from './answer.ts';

export function showCommand(): Command {
  return new Command('show')
    .argument('<digest>', 'sha256:…')
    .option('--json', 'print JSON')
    .description('Shows one bundle of a running Palisade.')
    .action(async (digest: string, { json }: { json?: boolean }) => {
      const answer = (await createAdminClient().request(
        'GET',
        `/v1/bundles/${encodeURIComponent(digest)}`,
      )) as BundleAnswer;
      print(answer, json, () =>
        table([
          ['name', answer.name],
          ['version', answer.version],
          ['description', answer.description],
          ['digest', answer.digest],
          ['size', `${answer.size} bytes`],
          ['checked by', `Cedar ${answer.cedar_version}`],
          ['pushed', `${answer.created_at} by ${answer.created_by}`],
        ]),
      );
    });
}
