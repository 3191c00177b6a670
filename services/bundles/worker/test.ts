import type { BundleFiles } from '../files.ts';
import type { TestOptions, TestReport } from '../test-bundle.ts';
import { runJob, type WorkerOptions } from './run.ts';

/**
 * Runs the tests of a bundle off this thread; {@link ../test-bundle.ts} says how.
 * @param bundle an archive from anyone, or the files of a folder.
 * @throws PdpError where the archive is none, or the bundle takes its worker down.
 */
export function testInWorker(
  bundle: Uint8Array | BundleFiles,
  tests: TestOptions = {},
  options: WorkerOptions = {},
): Promise<TestReport> {
  return runJob(
    { kind: 'test', bundle, options: tests },
    (message) => (message.kind === 'tested' ? message.report : undefined),
    options,
  );
}
