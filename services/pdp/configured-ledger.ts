import type { Keyring } from '../ledger/keyring.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import type { Pool } from '../store/database.ts';
import type { DatabaseConnection } from '../store/pool.ts';
import type { Log } from '../telemetry/log.ts';
import type { Config } from './config/config.ts';
import { processIdOf } from './process-id.ts';

/** Opens the decision log as configured, and says which records of others nobody here may take over. */
export async function openConfiguredLedger(
  config: Config,
  pool: Pool,
  connection: DatabaseConnection,
  keyring: Keyring,
  log: Log,
): Promise<Ledger> {
  const ledger = await openLedger({
    directory: config.PALISADE_SPOOL_DIR,
    level: config.PALISADE_DURABILITY,
    keyring,
    pool,
    connection,
    capBytes: config.PALISADE_SPOOL_MAX_BYTES,
    lostHosts: config.PALISADE_SPOOL_LOST_HOSTS ?? [],
    processId: processIdOf(config),
  });
  for (const stranded of ledger.stats().adopted?.stranded ?? []) {
    log.warn({ ...stranded }, 'records in the spool belong to a process that cannot be looked up from here');
  }

  return ledger;
}
