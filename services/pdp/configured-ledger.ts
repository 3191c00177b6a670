import { hostname } from 'node:os';
import { readKeyring } from '../ledger/keyring.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import type { Pool } from '../store/database.ts';
import type { Log } from '../telemetry/log.ts';
import type { Config } from './config/config.ts';

/** A process id is 64 units at most, port included. */
const HOST_UNITS = 48;

/** Opens the decision log as configured, and says which records of others nobody here may take over. */
export async function openConfiguredLedger(config: Config, pool: Pool, log: Log): Promise<Ledger> {
  const ledger = await openLedger({
    directory: config.PALISADE_SPOOL_DIR,
    level: config.PALISADE_DURABILITY,
    keyring: await readKeyring(config.PALISADE_KEYRING_FILE),
    pool,
    capBytes: config.PALISADE_SPOOL_MAX_BYTES,
    lostHosts: config.PALISADE_SPOOL_LOST_HOSTS ?? [],
    processId: processIdOf(config),
  });
  for (const stranded of ledger.stats().adopted?.stranded ?? []) {
    log.warn({ ...stranded }, 'records in the spool belong to a process that cannot be looked up from here');
  }

  return ledger;
}

/** Names this process in the decision log: as configured, or after its host and port. */
export function processIdOf(config: Config): string {
  if (config.PALISADE_PROCESS_ID !== undefined) return config.PALISADE_PROCESS_ID;

  const host = hostname()
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, HOST_UNITS);

  return `${host}-${config.PALISADE_GRPC_ADDRESS.port}`;
}
