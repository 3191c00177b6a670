import { Command } from 'commander';
import { checkFolder } from '../../bundle-folder.ts';
import { EXIT } from '../../errors.ts';
import { exactJson, print } from '../../output.ts';
import { reportLines } from './report.ts';

const EPILOGUE = `
Errors keep a bundle from being deployed; warnings do not. docs/lints.md says what each lint means, and how bundle.yaml allows it.

Exit codes: 0 the bundle may be deployed; 1 it has errors, or with --deny-warnings warnings; 2 wrong usage.`;

export function checkCommand(): Command {
  return new Command('check')
    .argument('<dir>', 'a folder with bundle.yaml')
    .option('--deny-warnings', 'exit with 1 where there are warnings too')
    .option('--json', 'print the report as JSON')
    .description(
      'Says everything that is wrong with a bundle, and runs its tests. Needs no running Palisade.',
    )
    .addHelpText('after', EPILOGUE)
    .action(async (dir: string, { json, denyWarnings }: { json?: boolean; denyWarnings?: boolean }) => {
      const { report } = await checkFolder(dir);
      const isDenied = report.ok && denyWarnings === true && report.problems.length > 0;
      print(exactJson(report), json, () => [
        ...reportLines(report),
        ...(isDenied
          ? [`${report.problems.length} warning(s), which --deny-warnings does not let pass`]
          : []),
      ]);
      if (!report.ok || isDenied) process.exitCode = EXIT.failed;
    });
}
