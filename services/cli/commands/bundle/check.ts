import { Command } from 'commander';
import { checkFolder } from '../../bundle-folder.ts';
import { EXIT } from '../../errors.ts';
import { print } from '../../output.ts';
import { asJson, reportLines } from './report.ts';

export function checkCommand(): Command {
  return new Command('check')
    .argument('<dir>', 'a folder with bundle.yaml')
    .option('--json', 'print the report as JSON')
    .description(
      'Says everything that is wrong with a bundle, and runs its tests. Needs no running Palisade.',
    )
    .action(async (dir: string, { json }: { json?: boolean }) => {
      const { report } = await checkFolder(dir);
      print(asJson(report), json, () => reportLines(report));
      if (!report.ok) process.exitCode = EXIT.failed;
    });
}
