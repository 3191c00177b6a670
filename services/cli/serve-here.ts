import type { Config } from '../pdp/config/config.ts';
import { startServer } from '../pdp/server.ts';
import type { Log } from '../telemetry/log.ts';
import { tellServing } from './processes.ts';
import { startServerTelemetry } from './server-telemetry.ts';

/**
 * Serves in this process until `stopped` settles.
 * @throws ConfigError and PdpError where it refuses to start.
 */
export async function serveHere(config: Config, stopped: Promise<void>, log: Log): Promise<void> {
  const telemetry = await startServerTelemetry(config, log);
  const server = await startServer({ config, connection: config.PALISADE_DATABASE_URL, log, telemetry });
  log.info({ ...server.addresses }, 'palisade serves');
  tellServing();

  await stopped;
  log.info('palisade stops');
  await server.stop();
  await telemetry.shutdown();
}
