import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PdpError } from '../engine/error.ts';
import { LIMITS } from '../engine/limits.ts';
import type { Problem } from './problem.ts';
import { createProblems, type Problems } from './problems.ts';
import { problemOf } from './source.ts';

/** The files of a bundle by their path, bytes as they are. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>;

export const MANIFEST_PATH = 'bundle.yaml';
export const SCHEMA_PATH = 'schema.cedarschema';
export const LINKS_PATH = 'links.json';
export const ENTITIES_PATH = 'entities.json';

const TESTS_FOLDER = 'tests';
const FIXED_PATHS: readonly string[] = [MANIFEST_PATH, SCHEMA_PATH, LINKS_PATH, ENTITIES_PATH];
/** Room in the `name` field of a tar header, so that no archive needs an extension. */
const MAX_PATH = 100;
/** Beside a bundle, and not part of it. */
const IGNORED = /^(README\.md|LICENSE|\..*)$/;

/** Whether a path is one that a bundle can have; anything else is refused, never skipped. */
export function isBundlePath(path: string): boolean {
  if (path.length > MAX_PATH) return false;

  return FIXED_PATHS.includes(path) || isPolicyPath(path) || isTestPath(path);
}

export function isPolicyPath(path: string): boolean {
  return /^[a-z0-9_-][a-z0-9._-]*\.cedar$/.test(path);
}

export function isTestPath(path: string): boolean {
  return /^tests\/[a-z0-9_-][a-z0-9._-]*\.(json|yaml)$/.test(path);
}

/** What any reader of a bundle must hold: known paths, and the limits on number and size. */
export function checkFiles(files: BundleFiles, problems: Problems): void {
  let bytes = 0;
  for (const [path, content] of files) {
    bytes += content.length;
    if (!isBundlePath(path)) problems.of(path, 'file_refused', refusalOf(path));
  }

  if (files.size > LIMITS.bundle_files) problems.add(tooManyFiles());
  if (bytes > LIMITS.bundle_bytes) problems.add(tooManyBytes());
  for (const path of [MANIFEST_PATH, SCHEMA_PATH]) {
    if (!files.has(path)) problems.of(path, 'file_missing', `a bundle needs ${path}`);
  }
}

/**
 * Reads a bundle from a folder. What does not belong there is a problem, but for README.md, LICENSE and names that begin with
 * a dot; no link is followed.
 * @throws PdpError `not_found` where there is no such folder.
 */
export async function readBundleDirectory(
  directory: string,
): Promise<{ readonly files: BundleFiles; readonly problems: readonly Problem[] }> {
  const files = new Map<string, Uint8Array>();
  const problems = createProblems();
  const budget = { bytes: LIMITS.bundle_bytes };
  const names = await listFolder(directory);
  const below = names.includes(TESTS_FOLDER)
    ? (await listTests(directory)).map((name) => `${TESTS_FOLDER}/${name}`)
    : [];

  for (const path of [...names.filter((name) => name !== TESTS_FOLDER), ...below]) {
    if (files.size === LIMITS.bundle_files) {
      problems.add(tooManyFiles());
      break;
    }
    const found = await readMember(directory, path, budget);
    if (found instanceof Uint8Array) files.set(path, found);
    else problems.add(found);
    if (budget.bytes < 0) break;
  }

  if (below.length === 0 && names.includes(TESTS_FOLDER)) await requireFolder(directory, problems);

  return { files, problems: problems.sorted() };
}

async function listFolder(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);

    return names.filter((name) => !IGNORED.test(name)).sort();
  } catch (cause) {
    throw new PdpError('not_found', `cannot read the folder ${directory}`, { cause });
  }
}

async function listTests(directory: string): Promise<string[]> {
  const path = join(directory, TESTS_FOLDER);
  const isFolder = await lstat(path).then((found) => found.isDirectory());

  return isFolder ? listFolder(path) : [];
}

async function requireFolder(directory: string, problems: Problems): Promise<void> {
  const found = await lstat(join(directory, TESTS_FOLDER));
  if (!found.isDirectory()) problems.of(TESTS_FOLDER, 'file_refused', 'tests must be a folder');
}

async function readMember(
  directory: string,
  path: string,
  budget: { bytes: number },
): Promise<Uint8Array | Problem> {
  if (!isBundlePath(path)) return problemOf(path, 'file_refused', refusalOf(path));

  try {
    return await readRegularFile(join(directory, path), path, budget);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';

    return problemOf(path, 'file_refused', `cannot be read as a file (${reason})`);
  }
}

/** O_NOFOLLOW refuses a link, O_NONBLOCK keeps a pipe from blocking; the size is checked on what was opened. */
async function readRegularFile(
  location: string,
  path: string,
  budget: { bytes: number },
): Promise<Uint8Array | Problem> {
  const handle = await open(location, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);

  try {
    const { size, isFile } = await handle.stat().then((stat) => ({ size: stat.size, isFile: stat.isFile() }));
    if (!isFile) return problemOf(path, 'file_refused', 'is not a regular file');

    budget.bytes -= size;
    if (budget.bytes < 0) return tooManyBytes();

    const content = new Uint8Array(size);
    const { bytesRead } = await handle.read(content, 0, size, 0);

    return bytesRead === size ? content : problemOf(path, 'file_refused', 'changed while it was read');
  } finally {
    await handle.close();
  }
}

function refusalOf(path: string): string {
  if (path.length > MAX_PATH) return `the path is longer than ${MAX_PATH} characters`;
  if (!/^[a-z0-9._/-]*$/.test(path))
    return 'paths in a bundle have only a-z, 0-9, dot, underscore, hyphen and slash';

  return 'does not belong into a bundle: bundle.yaml, schema.cedarschema, *.cedar, links.json, entities.json, tests/*.json and tests/*.yaml do';
}

function tooManyFiles(): Problem {
  return problemOf(MANIFEST_PATH, 'limit_exceeded', `more than ${LIMITS.bundle_files} files`);
}

function tooManyBytes(): Problem {
  return problemOf(MANIFEST_PATH, 'limit_exceeded', `more than ${LIMITS.bundle_bytes} bytes in all files`);
}
