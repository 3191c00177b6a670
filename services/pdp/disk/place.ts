import { join } from 'node:path';
import { SNAPSHOTS_FOLDER } from '../../ledger/spool/folder.ts';
import type { Config } from '../config/config.ts';
import { processIdOf } from '../process-id.ts';

/** Where the snapshot of a server lies. */
export interface SnapshotPlace {
  /** The server's name, which the files are bound to. */
  readonly server: string;
  readonly folder: string;
  /** The sealed state. */
  readonly file: string;
  /** Archives of bundles, each named by its digest. */
  readonly archives: string;
  /** What stores hold, in pieces. */
  readonly entities: string;
  /** The high-water mark, outside of the folder: whoever puts an older folder back does not put it back. */
  readonly mark: string;
}

type PlaceConfig = Pick<
  Config,
  | 'PALISADE_SNAPSHOT'
  | 'PALISADE_SNAPSHOT_DIR'
  | 'PALISADE_SPOOL_DIR'
  | 'PALISADE_PROCESS_ID'
  | 'PALISADE_GRPC_ADDRESS'
>;

/**
 * One for each server, however many processes it has: they share what PostgreSQL says.
 * @param worker whether this process is one of several, whose number is then at the end of its id.
 * @returns `undefined` where none is kept.
 */
export function snapshotPlace(config: PlaceConfig, worker: boolean): SnapshotPlace | undefined {
  if (!config.PALISADE_SNAPSHOT) return undefined;

  const id = processIdOf(config);
  const server = worker ? id.replace(/-\d+$/, '') : id;
  const folder = join(
    config.PALISADE_SNAPSHOT_DIR ?? join(config.PALISADE_SPOOL_DIR, SNAPSHOTS_FOLDER),
    `${server}.snapshot`,
  );

  return {
    server,
    folder,
    file: join(folder, 'state'),
    archives: join(folder, 'bundles'),
    entities: join(folder, 'entities'),
    mark: join(config.PALISADE_SPOOL_DIR, `${server}.mark`),
  };
}
