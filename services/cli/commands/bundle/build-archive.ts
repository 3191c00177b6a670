import { writeArchive } from '../../../bundles/archive.ts';
import type { CheckReport } from '../../../bundles/check.ts';
import { checkFolder } from '../../bundle-folder.ts';
import { CliError } from '../../errors.ts';
import { reportLines } from './report.ts';

/** Checks a folder and makes its archive. @throws CliError with the report where there are problems. */
export async function buildArchive(dir: string): Promise<{ archive: Uint8Array; report: CheckReport }> {
  const { files, report } = await checkFolder(dir);
  if (!report.ok) throw new CliError(reportLines(report).join('\n'));

  return { archive: writeArchive(files), report };
}
