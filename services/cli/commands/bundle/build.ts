import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { print } from '../../output.ts';
import { buildArchive } from './build-archive.ts';

export function buildCommand(): Command {
  return new Command('build')
    .argument('<dir>', 'a folder with bundle.yaml')
    .option('-o, --output <file>', 'where to write the archive; <name>-<version>.palisade.tgz if left out')
    .option('--json', 'print JSON')
    .description(
      'Checks a bundle and writes its archive. The same files give the same digest everywhere, and the same bytes by the same Node.',
    )
    .action(async (dir: string, { output, json }: { output?: string; json?: boolean }) => {
      const { archive, report } = await buildArchive(dir);
      const file = output ?? `${report.name}-${report.version}.palisade.tgz`;
      await writeFile(file, archive);
      print({ file, digest: report.digest }, json, () => [`${file}\n${report.digest}`]);
    });
}
