import { readFile, stat } from 'node:fs/promises';
import { Command } from 'commander';
import { createAdminClient } from '../../client.ts';
import { CliError, EXIT } from '../../errors.ts';
import { print } from '../../output.ts';
import type { BundleAnswer } from './answer.ts';
import { buildArchive } from './build-archive.ts';

export function pushCommand(): Command {
  return new Command('push')
    .argument('<dir or file>', 'a folder with bundle.yaml, or an archive that `build` wrote')
    .option('--json', 'print JSON')
    .description(
      'Stores a bundle in a running Palisade, which checks it again. It decides nothing until it is deployed.',
    )
    .action(async (source: string, { json }: { json?: boolean }) => {
      const isFolder = (await stat(source).catch(() => undefined))?.isDirectory() === true;
      const archive = isFolder ? (await buildArchive(source)).archive : await readArchiveFile(source);
      const answer = (await createAdminClient().request('POST', '/v1/bundles', { archive })) as BundleAnswer;
      print(answer, json, () => [
        `${answer.name} ${answer.version} ${answer.created === true ? 'is stored' : 'was stored already'}: ${answer.digest}`,
        `Next: palisade deploy activate default ${answer.digest}`,
      ]);
    });
}

async function readArchiveFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch {
    throw new CliError(`${path} is neither a folder nor an archive that can be read`, EXIT.usage);
  }
}
