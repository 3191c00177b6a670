import type { BundleDiff } from '../diff/report.ts';
import type { BundleFiles } from '../files.ts';
import { runJob, type WorkerOptions } from './run.ts';

/**
 * Compares two bundles off this thread: each is an archive from anyone, or the files of a folder.
 * @throws PdpError where one of them cannot be read, or takes its worker down.
 */
export function diffInWorker(
  a: Uint8Array | BundleFiles,
  b: Uint8Array | BundleFiles,
  options: WorkerOptions = {},
): Promise<BundleDiff> {
  return runJob(
    { kind: 'diff', a, b },
    (message) => (message.kind === 'compared' ? message.diff : undefined),
    options,
  );
}
