import type { BundleFiles } from '../files.ts';
import type { OpenBundle } from '../open.ts';
import { runJob, type WorkerOptions } from './run.ts';

/**
 * Opens a bundle off this thread; {@link ../open.ts} says how.
 * @param bundle an archive from anyone, or the files of a folder.
 * @throws PdpError where the archive is none, or the bundle takes its worker down.
 */
export function openInWorker(
  bundle: Uint8Array | BundleFiles,
  options: WorkerOptions = {},
): Promise<OpenBundle> {
  return runJob(
    { kind: 'open', bundle },
    (message) => (message.kind === 'opened' ? message.bundle : undefined),
    options,
  );
}
