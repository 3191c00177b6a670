import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filesOf } from '../../bundles/files-of.ts';

/** Writes the small valid bundle with some changes to a folder, and gives the folder. */
export async function writeBundle(dir: string, changes: Parameters<typeof filesOf>[0] = {}): Promise<string> {
  for (const [path, content] of filesOf(changes)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  }

  return dir;
}
