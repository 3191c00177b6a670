import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a file that its owner alone may read, mode 0600; it appears whole or not at all, and replaces none.
 * @throws what the file system says, `EEXIST` where the name is taken.
 */
export async function createPrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  await writeNew(draft, text);
  try {
    // A hard link fails if the name is taken, which a rename does not.
    await link(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  await syncDirectory(dirname(path));
}

/**
 * Puts a file that its owner alone may read, mode 0600, in place of the one that is there: a reader finds one or the other whole,
 * also after a power loss. Where that fails, the old one stays, and nothing else is left.
 * @throws what the file system says, and what giving the content throws.
 */
export async function replacePrivateFile(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const draft = `${path}.${randomBytes(8).toString('hex')}.draft`;
  try {
    await writeNew(draft, chunks);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeNew(
  path: string,
  content: string | AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
