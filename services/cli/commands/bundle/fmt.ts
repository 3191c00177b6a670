import { join } from 'node:path';
import { Command } from 'commander';
import { renderProblem } from '../../../bundles/problem.ts';
import { formatInWorker } from '../../../bundles/worker/format.ts';
import { readFolder } from '../../bundle-folder.ts';
import { EXIT } from '../../errors.ts';
import { exactJson, print } from '../../output.ts';
import { replaceFile } from '../../replace-file.ts';

const EPILOGUE = `
The formatter is Cedar's own, as in \`cedar format\`: 80 columns, two spaces. No policy changes its meaning and no comment is lost: a
file for which that cannot be shown is left as it is and told. Schema, entities and tests are not touched.

Exit codes: 0 all is formatted; 1 a file is not (--check) or could not be formatted; 2 wrong usage.`;

export function fmtCommand(): Command {
  return new Command('fmt')
    .argument('<dir>', 'a folder with bundle.yaml')
    .option('--check', 'write nothing; list the files that would change')
    .option('--json', 'print JSON')
    .description("Formats the policies of a bundle by Cedar's own formatter.")
    .addHelpText('after', EPILOGUE)
    .action(async (dir: string, { check, json }: { check?: boolean; json?: boolean }) => {
      const { files, problems: unread } = await readFolder(dir);
      const { changed, unchanged, problems } = await formatInWorker(files);
      for (const { file, text } of check === true ? [] : changed) {
        await replaceFile(join(dir, file), files.get(file) ?? new Uint8Array(), text);
      }

      const paths = changed.map(({ file }) => file);
      const found = [...unread.filter(({ file }) => file.endsWith('.cedar')), ...problems];
      print(exactJson({ changed: paths, unchanged, problems: found }), json, () => [
        ...found.flatMap((problem) => [renderProblem(problem), '']),
        ...paths.map((file) => `${join(dir, file)} ${check === true ? 'would change' : 'is formatted'}`),
        `${paths.length} of ${paths.length + unchanged.length} files ${check === true ? 'would change' : 'changed'}`,
      ]);
      if (found.length > 0 || (check === true && paths.length > 0)) process.exitCode = EXIT.failed;
    });
}
