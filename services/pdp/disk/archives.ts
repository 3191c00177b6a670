import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { bundleArchiveSlices, bundleArchiveSum } from '../../store/bundles.ts';
import type { Database } from '../../store/database.ts';
import { makeFolder, type SnapshotFiles } from './files.ts';
import { archivePath } from './open.ts';
import type { SnapshotPlace } from './place.ts';
import type { SavedBundle } from './saved-state.ts';

/** How the name of a file ends that is being written. */
const DRAFT = '.draft';

/** The archives beside a saved state: each is written once, since a digest means the same bytes for ever. */
export interface SavedArchives {
  /**
   * Sees to it that the archive of a bundle is on the disk.
   * @throws what PostgreSQL and the file system throw.
   */
  ensure(digest: string): Promise<SavedBundle>;
  /** Removes what no state names any more, and what a process that was killed left half written. */
  clean(used: readonly SavedBundle[]): Promise<void>;
}

export function createArchives(
  place: SnapshotPlace,
  database: Database,
  files: SnapshotFiles,
): SavedArchives {
  const known = new Map<string, SavedBundle>();

  return {
    async ensure(digest) {
      const path = archivePath(place, digest);
      const saved = known.get(digest);
      if (saved !== undefined && (await sizeOf(path)) === saved.bytes) return saved;

      await makeFolder(place.archives);
      const bundle = { digest, ...(await bundleArchiveSum(database, digest)) };
      // What lies there from an earlier start is only read; what is there and is another is replaced.
      if ((await sumOf(path)) !== bundle.sha256)
        await files.replace(path, bundleArchiveSlices(database, digest));
      known.set(digest, bundle);

      return bundle;
    },

    async clean(used) {
      const keep = new Set(used.map(({ digest }) => basename(archivePath(place, digest))));
      for (const digest of known.keys())
        if (!keep.has(basename(archivePath(place, digest)))) known.delete(digest);
      for (const folder of [place.folder, place.archives]) {
        for (const name of await readdir(folder).catch(() => [])) {
          const unused = folder === place.archives && name.endsWith('.tgz') && !keep.has(name);
          if (unused || name.endsWith(DRAFT)) await rm(join(folder, name), { force: true });
        }
      }
      // Beside the mark lie those of other servers, which may be at work.
      const beside = dirname(place.mark);
      for (const name of await readdir(beside).catch(() => [])) {
        const own = name.startsWith(`${basename(place.mark)}.`) && name.endsWith(DRAFT);
        if (own) await rm(join(beside, name), { force: true });
      }
    },
  };
}

/** SHA-256 of a file in hex; `undefined` where it cannot be read. */
async function sumOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch {
    return undefined;
  }

  return hash.digest('hex');
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
