import type { CheckReport } from '../check.ts';
import type { BundleFiles } from '../files.ts';
import { noteAgreed } from './agreed.ts';
import { runJob, type WorkerOptions } from './run.ts';

/**
 * Checks a bundle off this thread: an archive from anyone, or the files of a folder.
 * @throws PdpError where the archive is none, or the bundle takes its worker down.
 */
export async function checkInWorker(
  bundle: Uint8Array | BundleFiles,
  options: WorkerOptions = {},
): Promise<CheckReport> {
  const report = await runJob(
    bundle instanceof Uint8Array
      ? { kind: 'check_archive', archive: bundle }
      : { kind: 'check', files: bundle },
    (message) => (message.kind === 'checked' ? message.report : undefined),
    options,
  );
  if (report.ok) noteAgreed(report.digest);

  return report;
}
