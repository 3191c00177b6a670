import type { BundleFiles } from '../files.ts';
import type { FormatReport } from '../format.ts';
import { runJob, type WorkerOptions } from './run.ts';

/**
 * Formats the policies of a bundle off this thread: a formatter that traps or does not end takes its thread along, and no file.
 * @throws PdpError where the bundle takes its worker down.
 */
export function formatInWorker(files: BundleFiles, options: WorkerOptions = {}): Promise<FormatReport> {
  return runJob(
    { kind: 'format', files },
    (message) => (message.kind === 'formatted' ? message.report : undefined),
    options,
  );
}
