import { open, rm } from 'node:fs/promises';

/**
 * Writes a token to a new file that nobody else may read, and to the disk.
 * @throws the file system's error; `EEXIST` where a file is there, which stays as it is.
 */
export async function writeNewToken(path: string, token: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${token}\n`);
    await file.sync();
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  } finally {
    await file.close();
  }
}
