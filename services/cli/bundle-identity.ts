import { readArchive } from '../bundles/archive.ts';
import { bundleDigest } from '../bundles/digest.ts';
import { MANIFEST_PATH } from '../bundles/files.ts';
import { readManifest } from '../bundles/manifest.ts';
import { renderProblem } from '../bundles/problem.ts';
import { createProblems } from '../bundles/problems.ts';
import { readBundleSource } from './bundle-source.ts';
import { CliError } from './errors.ts';

/**
 * Which bundle a folder or an archive is, without checking what it says.
 * @throws CliError or PdpError where it is none.
 */
export async function identify(source: string): Promise<{ readonly digest: string; readonly name: string }> {
  const { bundle, problems: beside } = await readBundleSource(source);
  if (beside.length > 0) {
    throw new CliError(`${source} is no bundle:\n${beside.map(renderProblem).join('\n')}`);
  }

  const files = bundle instanceof Uint8Array ? readArchive(bundle) : bundle;
  const problems = createProblems();
  const manifest = readManifest(MANIFEST_PATH, files.get(MANIFEST_PATH) ?? new Uint8Array(), problems);
  if (manifest === undefined) {
    throw new CliError(`${source} has no name:\n${problems.sorted().map(renderProblem).join('\n')}`);
  }

  return { digest: bundleDigest(files), name: manifest.manifest.name };
}
