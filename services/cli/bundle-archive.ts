import { readBundleSource } from './bundle-source.ts';
import { buildArchive } from './commands/bundle/build-archive.ts';

/**
 * The archive of a bundle: of a folder, which is checked first, or one that `bundle build` wrote.
 * @throws CliError with every problem of the folder, or where it is neither of the two; PdpError `too_large` for a large archive.
 */
export async function archiveAt(path: string): Promise<Uint8Array> {
  const { bundle } = await readBundleSource(path);

  return bundle instanceof Uint8Array ? bundle : (await buildArchive(path)).archive;
}
