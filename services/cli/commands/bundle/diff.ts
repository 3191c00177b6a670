import { Command } from 'commander';
import { diffInWorker } from '../../../bundles/worker/diff.ts';
import { EXIT } from '../../errors.ts';
import { exactJson, print } from '../../output.ts';
import { withProgress } from '../../progress.ts';
import { readAnyBundle } from './any-bundle.ts';
import { diffReport } from './diff-lines.ts';

const EPILOGUE = `
Each of the two is a folder, an archive that \`build\` wrote, or the digest of a bundle in a running Palisade. Policies are compared by
what they mean; the tests of both are run by both, and each that is answered differently is named.

Exit codes: 0 the same digest; 1 they differ, or one cannot be read; 2 wrong usage.

Examples:
  palisade bundle diff policies/coding-agent policies/my-agent
  palisade bundle diff sha256:… policies/my-agent             what a push would change`;

export function diffCommand(): Command {
  return new Command('diff')
    .argument('<a>', 'the bundle before: a folder, an archive or a digest')
    .argument('<b>', 'the bundle after')
    .option('--json', 'print JSON')
    .description('Says what differs between two bundles, and which tests they answer differently.')
    .addHelpText('after', EPILOGUE)
    .action(async (a: string, b: string, { json }: { json?: boolean }) => {
      const [before, after] = [await readAnyBundle(a), await readAnyBundle(b)];
      const diff = await withProgress('comparing', () => diffInWorker(before, after));
      print(exactJson(diff), json, () => diffReport(diff));
      if (!diff.same) process.exitCode = EXIT.failed;
    });
}
