import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBinaries } from './binaries.ts';
import { initialiseDataFolder } from './data-folder.ts';
import { type EmbeddedConnection, ownerConnection, prepareDatabase, servingConnection } from './database.ts';
import { choosePlace } from './place.ts';
import { stopServer } from './postmaster.ts';
import { type HeldServer, holdServer, type ServerFolder } from './server.ts';
import { chooseSocketDir } from './socket.ts';

export interface EmbeddedPostgresOptions {
  /** The data folder, such as `.palisade/postgres`; made, with its parent, where it is missing. */
  readonly dataDir: string;
  /** Ends a start that is under way; afterwards only `stop()` ends the server. */
  readonly signal?: AbortSignal;
  /** For tests: nothing is forced to disk, and a power cut may destroy the data. Default `false`. */
  readonly disposable?: boolean;
  /** Told when the server has died, and of each failure to bring it back. */
  readonly onIncident?: (message: string, cause?: unknown) => void;
}

/** A PostgreSQL of our own, kept running until it is stopped. */
export interface EmbeddedPostgres {
  /** For migrations and administration. */
  readonly owner: EmbeddedConnection;
  /** For `serve`. */
  readonly serving: EmbeddedConnection;
  /** The server's process; another one after it died and was started again. */
  readonly pid: number;
  /** A live server of the same folder was adopted at the start. */
  readonly reused: boolean;
  /** The server's own log, beside the data folder. */
  readonly logFile: string;
  /** Shuts the server down; at the worst, when it must be killed, after 18 s. */
  readonly stop: () => Promise<void>;
}

/** The server as it is now, and what keeps it so. */
interface Supervision {
  held: HeldServer;
  readonly folder: ServerFolder;
  readonly signal: AbortSignal;
  readonly report: (message: string, cause?: unknown) => void;
}

const REVIVE_PAUSE_MS = 1_000;

/**
 * Starts a real PostgreSQL in the data folder, reachable through a private Unix socket alone, or adopts the one that
 * a killed Palisade left running there. A server that dies is started again, until `stop()`.
 * @throws PdpError `unavailable` with the remedy, where none can run here.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const stopping = new AbortController();
  const folder = await prepareFolder(options);
  const held = await holdServer(folder, options.signal ?? stopping.signal);
  const { reused } = held;
  try {
    await prepareDatabase(held.keeper);
    options.signal?.throwIfAborted();
  } catch (error) {
    await stopServer(folder.dataDir);
    throw error;
  }

  const report = options.onIncident ?? (() => undefined);
  const supervision: Supervision = { held, folder, signal: stopping.signal, report };
  const supervised = supervise(supervision);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await stopServer(folder.dataDir);
    await supervised;
    // A revival that was under way may have started it once more.
    await stopServer(folder.dataDir);
  };

  return {
    owner: ownerConnection(folder.socketDir),
    serving: servingConnection(folder.socketDir),
    get pid() {
      return supervision.held.pid;
    },
    reused,
    logFile: folder.logFile,
    stop,
  };
}

async function prepareFolder(options: EmbeddedPostgresOptions): Promise<ServerFolder> {
  const dataDir = path.resolve(options.dataDir);
  const disposable = options.disposable ?? false;
  const binaries = await findBinaries();
  const place = await choosePlace(binaries, dataDir);
  await initialiseDataFolder(place, binaries.major, disposable);
  const socketDir = await chooseSocketDir(place.dataDir, place.account);

  return { ...place, socketDir, disposable, logFile: `${dataDir}.log` };
}

/** Brings the server back whenever it ends, until it is meant to end. */
async function supervise(supervision: Supervision): Promise<void> {
  const { signal, report } = supervision;
  while (!signal.aborted) {
    await supervision.held.ended;
    if (signal.aborted) return;

    report('the embedded PostgreSQL ended; starting it again');
    await revive(supervision);
  }
}

async function revive(supervision: Supervision): Promise<void> {
  const { folder, signal, report } = supervision;
  while (!signal.aborted) {
    try {
      supervision.held = await holdServer(folder, signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      report('the embedded PostgreSQL did not come back; trying again', error);
    }
    await sleep(REVIVE_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}
