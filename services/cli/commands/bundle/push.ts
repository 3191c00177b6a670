import { Command } from 'commander';
import { archiveAt } from '../../bundle-archive.ts';
import { createAdminClient } from '../../client.ts';
import { print } from '../../output.ts';
import type { BundleAnswer } from './answer.ts';

export function pushCommand(): Command {
  return new Command('push')
    .argument('<dir or file>', 'a folder with bundle.yaml, or an archive that `build` wrote')
    .option('--json', 'print JSON')
    .description(
      'Stores a bundle in a running Palisade, which checks it again. It decides nothing until it is deployed.',
    )
    .action(async (source: string, { json }: { json?: boolean }) => {
      const archive = await archiveAt(source);
      const answer = (await createAdminClient().request('POST', '/v1/bundles', { archive })) as BundleAnswer;
      print(answer, json, () => [
        `${answer.name} ${answer.version} ${answer.created === true ? 'is stored' : 'was stored already'}: ${answer.digest}`,
        `Next: palisade deploy activate default ${answer.digest}`,
      ]);
    });
}
