import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type BundleFiles, MANIFEST_PATH, readBundleDirectory } from '../../../bundles/files.ts';
import { CliError, EXIT } from '../../errors.ts';

/** A bundle to begin with. */
export interface Template {
  readonly name: string;
  /** Its folder, absolute. */
  readonly folder: string;
}

/** The smallest bundle that is of use. */
export const MINIMAL = 'minimal';

const OWN_TEMPLATES = new URL('../../templates/', import.meta.url);
const SHIPPED_BUNDLES = new URL('../../../../policies/', import.meta.url);

/** The minimal bundle, then those that come with Palisade. */
export async function listTemplates(): Promise<readonly Template[]> {
  // The image holds what serves, and no bundles.
  const shipped = await readdir(SHIPPED_BUNDLES, { withFileTypes: true }).catch(() => []);
  const names = shipped.filter((entry) => entry.isDirectory()).map(({ name }) => name);

  return [
    { name: MINIMAL, folder: fileURLToPath(new URL(`${MINIMAL}/`, OWN_TEMPLATES)) },
    ...names.sort().map((name) => ({ name, folder: fileURLToPath(new URL(`${name}/`, SHIPPED_BUNDLES)) })),
  ];
}

/** @throws CliError where a template has not all of its files. */
export async function readTemplate({ name, folder }: Template): Promise<BundleFiles> {
  const { files, problems } = await readBundleDirectory(folder);
  if (problems.length > 0 || !files.has(MANIFEST_PATH)) {
    throw new CliError(`the template ${name} in ${folder} is damaged; install Palisade again`, EXIT.usage);
  }

  return files;
}
