import { readFile, stat } from 'node:fs/promises';
import { DIGEST_PATTERN } from '../../../bundles/digest.ts';
import type { BundleFiles } from '../../../bundles/files.ts';
import { renderProblem } from '../../../bundles/problem.ts';
import { LIMITS } from '../../../engine/limits.ts';
import { readFolder } from '../../bundle-folder.ts';
import { downloadBundle } from '../../download-bundle.ts';
import { CliError, EXIT } from '../../errors.ts';

/**
 * A bundle by whatever a person has of it: a folder, an archive file, or the digest of one that a running Palisade has.
 * @throws CliError wrong usage where it is none of them.
 */
export async function readAnyBundle(source: string): Promise<BundleFiles | Uint8Array> {
  if (DIGEST_PATTERN.test(source)) return downloadBundle(source);

  const found = await stat(source).catch(() => undefined);
  if (found?.isDirectory() === true) return readFolderAlone(source);
  if (found?.isFile() === true && found.size <= LIMITS.bundle_bytes) return readFile(source);

  throw new CliError(
    `${source} is neither a folder, nor an archive, nor a digest such as sha256:…`,
    EXIT.usage,
  );
}

async function readFolderAlone(dir: string): Promise<BundleFiles> {
  const { files, problems } = await readFolder(dir);
  if (problems.length === 0) return files;

  throw new CliError(`${dir} is no bundle\n${problems.map(renderProblem).join('\n')}`);
}
