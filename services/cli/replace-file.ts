import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CliError } from './errors.ts';

/**
 * Replaces the text of a file at once: whoever reads it meanwhile, or after a crash, finds all of the old text or all of the new. Its
 * mode stays.
 * @param before what the file held when it was read.
 * @throws CliError where it holds something else by now: somebody is editing it.
 */
export async function replaceFile(path: string, before: Uint8Array, text: string): Promise<void> {
  const { mode } = await stat(path);
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);

  try {
    const handle = await open(draft, 'wx', mode & 0o777);
    try {
      await handle.chmod(mode & 0o777);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (!(await readFile(path)).equals(before))
      throw new CliError(`${path} was changed meanwhile; nothing was written to it`);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
