import { close, fdatasync, fstatSync, fsync, ftruncate, open, statSync, unlink, write } from 'node:fs';
import { promisify } from 'node:util';

/** What the spool asks of a file system; the tests have one that fails on demand. */
export interface SpoolFiles {
  /** Makes a file that must not exist yet, mode 0600. */
  create(path: string): Promise<SpoolFile>;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>;
}

export interface SpoolFile {
  /** Writes all bytes with one system call; a short write throws. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  sync(): Promise<void>;
  /** Whether the file still lies under the path that it was made at. */
  inPlace(): boolean;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
  /** Closes the file and removes its name. */
  discard(): Promise<void>;
}

const openFile = promisify(open);
const closeFile = promisify(close);
const truncateFile = promisify(ftruncate);
const syncAll = promisify(fsync);
const syncData = promisify(fdatasync);
const removeFile = promisify(unlink);

/** The file system itself, through descriptors: file handles cost more per call. */
export const diskFiles: SpoolFiles = {
  async create(path) {
    const descriptor = await openFile(path, 'wx', 0o600);
    const { ino, dev } = fstatSync(descriptor);

    return {
      write: (bytes, position) => writeWhole(descriptor, bytes, position),
      sync: () => syncData(descriptor),
      inPlace() {
        const found = statSync(path, { throwIfNoEntry: false });
        return found?.ino === ino && found.dev === dev;
      },
      truncate: (length) => truncateFile(descriptor, length),
      close: () => closeFile(descriptor),
      async discard() {
        await closeFile(descriptor);
        await removeFile(path);
      },
    };
  },

  async syncFolder(path) {
    const descriptor = await openFile(path, 'r');
    try {
      await syncAll(descriptor);
    } finally {
      await closeFile(descriptor);
    }
  },
};

function writeWhole(descriptor: number, bytes: Uint8Array, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, 0, bytes.length, position, (error, written) => {
      if (error !== null) return reject(error);
      if (written !== bytes.length)
        return reject(new Error(`short write: ${written} of ${bytes.length} bytes`));

      resolve();
    });
  });
}
