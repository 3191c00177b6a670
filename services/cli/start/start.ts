import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createKeyring } from '../../ledger/keyring.ts';
import { type Config, readConfig } from '../../pdp/config/config.ts';
import { ConfigError } from '../../pdp/config/config-error.ts';
import { OTHER_VARIABLES } from '../../pdp/config/variables.ts';
import { startServer } from '../../pdp/server.ts';
import { migrate } from '../../store/migrate.ts';
import { createPool } from '../../store/pool.ts';
import { createLog } from '../../telemetry/log.ts';
import { startServerTelemetry } from '../server-telemetry.ts';
import { stopSignal } from '../stop-signal.ts';
import { openStartDatabase, type StartDatabase } from './database.ts';
import { lockHome } from './lock.ts';
import { deployStarterBundle } from './starter-bundle.ts';
import { keepLocalTokens } from './tokens.ts';
import { welcomeText } from './welcome.ts';

/** Runs `palisade start` until a signal stops it. */
export async function start(environment: NodeJS.ProcessEnv): Promise<void> {
  const stopped = stopSignal();
  const home = resolve(environment['PALISADE_HOME'] ?? OTHER_VARIABLES.PALISADE_HOME.default);
  const config = configOf(home, environment);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const unlock = await lockHome(home);
  const log = createLog(config.PALISADE_LOG_LEVEL);
  const database = await openStartDatabase(home, environment, (message, err) => log.warn({ err }, message));

  try {
    await prepare(database, home);
    const telemetry = await startServerTelemetry(config, log);
    const server = await startServer({ config, connection: database.serving, log, telemetry });
    process.stdout.write(welcomeText(server.addresses, home, database.description));
    await stopped;
    await server.stop();
    await telemetry.shutdown();
  } finally {
    await database.stop();
    unlock();
  }
}

async function prepare({ owner, own }: StartDatabase, home: string): Promise<void> {
  await migrate(owner);
  const pool = createPool({ connection: owner, max: 2 });
  try {
    await keepLocalTokens(pool, home, own);
    await deployStarterBundle(pool);
  } finally {
    await pool.end();
  }
  if (!existsSync(keyringOf(home))) await createKeyring(keyringOf(home));
}

function configOf(home: string, environment: NodeJS.ProcessEnv): Config {
  const defaults = {
    PALISADE_SPOOL_DIR: join(home, 'spool'),
    PALISADE_KEYRING_FILE: keyringOf(home),
    PALISADE_REFLECTION: 'on',
    // Its database begins and ends with it.
    PALISADE_SNAPSHOT: 'off',
    PALISADE_LOG_LEVEL: 'warn',
  };
  // Only for the form: the connection itself is passed beside the configuration.
  const database = {
    PALISADE_DATABASE_URL: 'postgres://embedded/palisade',
    PALISADE_DATABASE_URL_FILE: undefined,
  };

  const config = readConfig({ ...defaults, ...environment, ...database });
  if (config.PALISADE_PROCESSES > 1) {
    throw new ConfigError([
      'PALISADE_PROCESSES: palisade start runs one process; palisade serve runs several',
    ]);
  }

  return config;
}

function keyringOf(home: string): string {
  return join(home, 'keyring.json');
}
