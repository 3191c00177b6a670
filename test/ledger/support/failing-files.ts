import { diskFiles, type SpoolFile, type SpoolFiles } from '../../../services/ledger/spool/files.ts';

/** The real file system with faults that a test switches on. */
export interface FailingFiles extends SpoolFiles {
  /** What fails from now on. */
  fault: 'none' | 'create' | 'write' | 'short write' | 'sync' | 'truncate and write';
  /** Holds up writes until the promise settles. */
  gate: Promise<void>;
  writes: number;
  syncs: number;
}

export function createFailingFiles(): FailingFiles {
  const files: FailingFiles = {
    fault: 'none',
    gate: Promise.resolve(),
    writes: 0,
    syncs: 0,

    async create(path) {
      if (files.fault === 'create') throw new Error('EIO: create');

      return failing(await diskFiles.create(path), files);
    },

    syncFolder: (path) => diskFiles.syncFolder(path),
  };
  return files;
}

function failing(file: SpoolFile, files: FailingFiles): SpoolFile {
  return {
    ...file,

    async write(bytes, position) {
      files.writes += 1;
      await files.gate;
      if (files.fault === 'write') throw new Error('EIO: write');
      if (files.fault === 'short write' || files.fault === 'truncate and write') {
        // The last line stays unfinished on the disk, as a full one leaves it.
        await file.write(bytes.subarray(0, bytes.length - 10), position);
        throw new Error('short write');
      }

      await file.write(bytes, position);
    },

    async sync() {
      files.syncs += 1;
      if (files.fault === 'sync') throw new Error('EIO: fdatasync');

      await file.sync();
    },

    async truncate(length) {
      if (files.fault === 'truncate and write') throw new Error('EIO: ftruncate');

      await file.truncate(length);
    },
  };
}
