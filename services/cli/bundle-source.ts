import { readFile, stat } from 'node:fs/promises';
import { type BundleFiles, MANIFEST_PATH, readBundleDirectory } from '../bundles/files.ts';
import type { Problem } from '../bundles/problem.ts';
import { exceedsLimit, LIMITS } from '../engine/limits.ts';
import { CliError, EXIT } from './errors.ts';

/** A bundle as it was found: the files of a folder, or an archive that nobody has looked into yet. */
export interface BundleSource {
  readonly bundle: BundleFiles | Uint8Array;
  /** What a folder holds besides a bundle. */
  readonly problems: readonly Problem[];
}

/**
 * Reads a folder with bundle.yaml, or an archive that `build` wrote.
 * @throws CliError where it is neither; PdpError `too_large` for an archive over `bundle_bytes`.
 */
export async function readBundleSource(path: string): Promise<BundleSource> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) {
    const { files, problems } = await readBundleDirectory(path);
    return { bundle: files, problems };
  }
  // Never a pipe or a device, which might not end.
  if (found?.isFile() !== true) {
    throw new CliError(`${path} is neither a folder with a ${MANIFEST_PATH} nor an archive`, EXIT.usage);
  }
  if (found.size > LIMITS.bundle_bytes) throw exceedsLimit('bundle_bytes', 'bundle');

  return { bundle: await readFile(path), problems: [] };
}
