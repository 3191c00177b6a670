import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { createKeyring } from '../../ledger/keyring.ts';
import { readConfig } from '../../pdp/config/config.ts';
import { type RunningServer, startServer } from '../../pdp/server.ts';
import { migrate } from '../../store/migrate.ts';
import { createPool, type DatabaseConnection } from '../../store/pool.ts';
import { createLog } from '../../telemetry/log.ts';
import { openStartDatabase } from '../start/database.ts';
import { lockHome } from '../start/lock.ts';
import { deployStarterBundle } from '../start/starter-bundle.ts';
import { keepLocalTokens } from '../start/tokens.ts';
import { welcomeText } from '../start/welcome.ts';
import { stopSignal } from '../stop-signal.ts';

export function startCommand(): Command {
  return new Command('start')
    .description(
      'Starts a whole Palisade here: its own PostgreSQL under .palisade/, the starter bundle deployed, tokens made, all ports open. For trying and developing; `serve` is the entry for production.',
    )
    .action(() => start(process.env));
}

async function start(environment: NodeJS.ProcessEnv): Promise<void> {
  const stopped = stopSignal();
  const home = resolve(environment['PALISADE_HOME'] ?? '.palisade');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const unlock = await lockHome(home);
  const log = createLog(environment['PALISADE_LOG_LEVEL'] ?? 'warn');
  const database = await openStartDatabase(home, environment, (message, err) => log.warn({ err }, message));

  try {
    await prepare(database.owner, home);
    const server = await serve(database.serving, home, environment, log);
    process.stdout.write(welcomeText(server.addresses, home, database.description));
    await stopped;
    await server.stop();
  } finally {
    await database.stop();
    unlock();
  }
}

async function prepare(owner: DatabaseConnection, home: string): Promise<void> {
  await migrate(owner);
  const pool = createPool({ connection: owner, max: 2 });
  try {
    await keepLocalTokens(pool, home);
    await deployStarterBundle(pool);
  } finally {
    await pool.end();
  }
  if (!existsSync(keyringOf(home))) await createKeyring(keyringOf(home));
}

function serve(
  connection: DatabaseConnection,
  home: string,
  environment: NodeJS.ProcessEnv,
  log: ReturnType<typeof createLog>,
): Promise<RunningServer> {
  const defaults = {
    PALISADE_SPOOL_DIR: join(home, 'spool'),
    PALISADE_KEYRING_FILE: keyringOf(home),
    PALISADE_REFLECTION: 'on',
    // Only for the form: the connection itself is passed beside the configuration.
    PALISADE_DATABASE_URL: 'postgres://embedded/palisade',
  };

  return startServer({ config: readConfig({ ...defaults, ...environment }), connection, log });
}

function keyringOf(home: string): string {
  return join(home, 'keyring.json');
}
