import { stat } from 'node:fs/promises';
import type { CheckReport } from '../bundles/check.ts';
import { type BundleFiles, MANIFEST_PATH, readBundleDirectory } from '../bundles/files.ts';
import { checkInWorker } from '../bundles/worker/check.ts';
import { CliError, EXIT } from './errors.ts';
import { withProgress } from './progress.ts';

/**
 * Checks a bundle's folder: what it holds besides a bundle is told together with what is wrong with the bundle.
 * @throws CliError where it is no folder.
 */
export async function checkFolder(
  dir: string,
): Promise<{ readonly files: BundleFiles; readonly report: CheckReport }> {
  const { files, problems } = await readFolder(dir);
  const report = await withProgress('checking', (onProgress) =>
    checkInWorker(files, { onProgress: ({ phase, done }) => onProgress(`${phase} ${done}`) }),
  );
  const clean = problems.every(({ severity }) => severity !== 'error');

  return {
    files,
    report: { ...report, problems: [...problems, ...report.problems], ok: report.ok && clean },
  };
}

/**
 * Reads a bundle's folder, with what does not belong there.
 * @throws CliError where it is no folder.
 */
export async function readFolder(dir: string): ReturnType<typeof readBundleDirectory> {
  const isFolder = (await stat(dir).catch(() => undefined))?.isDirectory() === true;
  if (!isFolder)
    throw new CliError(`${dir} is not a folder; a bundle is one with a ${MANIFEST_PATH}`, EXIT.usage);

  return readBundleDirectory(dir);
}
